import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { listSecurityEvents, receiveSecurityEvents } from '@sluice/ng-manager-api';
import { SecurityEvents } from './security-events.js';

@Controller()
export class SecurityEventController {
  constructor(private readonly events: SecurityEvents) {}

  @Route(listSecurityEvents)
  list(
    @Call() { ctx, scope, query }: RouteCall<typeof listSecurityEvents>,
  ): Promise<RouteResult<typeof listSecurityEvents>> {
    return this.events.list(ctx, scope, query, { index: query.pageIndex, size: query.pageSize });
  }

  @Route(receiveSecurityEvents)
  async receive(
    @Call() { body }: RouteCall<typeof receiveSecurityEvents>,
  ): Promise<RouteResult<typeof receiveSecurityEvents>> {
    await this.events.receive(body.events);
    return { received: body.events.length };
  }
}
