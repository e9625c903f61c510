import { Controller } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { authenticateKey, holderOfKey, type SignedIn } from '@sluice/ng-manager-api';
import { AuthenticationService } from './authentication.service.js';

@Controller()
export class AuthenticationController {
  constructor(private readonly authentication: AuthenticationService) {}

  @Route(authenticateKey)
  authenticate(@Call() { body }: RouteCall<typeof authenticateKey>): Promise<SignedIn> {
    return this.authentication.authenticate(body.apiKey, body);
  }

  @Route(holderOfKey)
  holder(@Call() { ctx, params }: RouteCall<typeof holderOfKey>): Promise<SignedIn> {
    return this.authentication.holderOf(ctx.accountId, params.keyId);
  }
}
