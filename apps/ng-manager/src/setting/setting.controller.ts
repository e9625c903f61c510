import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, scopeOfRequest, type RouteCall } from '@sluice/http';
import { getSetting, listSettings, updateSettings, type SettingItem } from '@sluice/ng-manager-api';
import { SettingService } from './setting.service.js';

@Controller()
export class SettingController {
  constructor(private readonly settings: SettingService) {}

  @Route(listSettings)
  list(@Call() { ctx, query }: RouteCall<typeof listSettings>): Promise<SettingItem[]> {
    return this.settings.list(scopeOfRequest(ctx, {}, query), query);
  }

  @Route(updateSettings)
  update(@Call() { ctx, query, body }: RouteCall<typeof updateSettings>): Promise<RouteResult<typeof updateSettings>> {
    return this.settings.update(ctx, scopeOfRequest(ctx, {}, query), body);
  }

  @Route(getSetting)
  get(@Call() { ctx, params, query }: RouteCall<typeof getSetting>): Promise<RouteResult<typeof getSetting>> {
    return this.settings.get(scopeOfRequest(ctx, {}, query), params.identifier);
  }
}
