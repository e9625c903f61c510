import { Controller } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  getEncryptionKeys,
  rotateEncryptionKeys,
  type EncryptionKeys,
  type KeyRotation as RotationResult,
} from '@sluice/ng-manager-api';
import { KeyRotation } from './key-rotation.js';

@Controller()
export class EncryptionKeysController {
  constructor(private readonly rotation: KeyRotation) {}

  @Route(getEncryptionKeys)
  get(@Call() { scope }: RouteCall<typeof getEncryptionKeys>): Promise<EncryptionKeys> {
    return this.rotation.describe(scope.accountId);
  }

  @Route(rotateEncryptionKeys)
  rotate(@Call() { ctx, scope }: RouteCall<typeof rotateEncryptionKeys>): Promise<RotationResult> {
    return this.rotation.rotateAccount(ctx, scope.accountId);
  }
}
