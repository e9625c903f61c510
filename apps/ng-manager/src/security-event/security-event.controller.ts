import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { listSecurityEvents } from '@sluice/ng-manager-api';
import { SecurityEvents } from './security-events.js';

@Controller()
export class SecurityEventController {
  constructor(private readonly events: SecurityEvents) {}

  @Route(listSecurityEvents)
  list(@Call() { ctx, scope, query }: RouteCall<typeof listSecurityEvents>): Promise<RouteResult<typeof listSecurityEvents>> {
    return this.events.list(ctx, scope, query.kind, { index: query.pageIndex, size: query.pageSize });
  }
}
