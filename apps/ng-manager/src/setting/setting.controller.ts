import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { getSetting, listSettings, updateSettings, type SettingItem } from '@sluice/ng-manager-api';
import { SettingService } from './setting.service.js';

@Controller()
export class SettingController {
  constructor(private readonly settings: SettingService) {}

  @Route(listSettings)
  list(@Call() { scope, query }: RouteCall<typeof listSettings>): Promise<SettingItem[]> {
    return this.settings.list(scope, query);
  }

  @Route(updateSettings)
  update(@Call() { ctx, scope, body }: RouteCall<typeof updateSettings>): Promise<RouteResult<typeof updateSettings>> {
    return this.settings.update(ctx, scope, body);
  }

  @Route(getSetting)
  get(@Call() { scope, params }: RouteCall<typeof getSetting>): Promise<RouteResult<typeof getSetting>> {
    return this.settings.get(scope, params.identifier);
  }
}
