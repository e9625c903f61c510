import { Controller, Inject } from '@nestjs/common';
import {
  acknowledgeAuditEvents as acknowledge,
  claimAuditEvents as claim,
  releaseAuditLease,
} from '@sluice/audit-outbox';
import type { RouteResult } from '@sluice/api-conventions';
import { acknowledgeAuditEvents, claimAuditEvents } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { DataSource } from 'typeorm';

/** NG manager fetches audit events from here: dbdevops calls nobody. What it does not acknowledge it gets again. */
@Controller()
export class AuditOutboxController {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  @Route(claimAuditEvents)
  async claim(@Call() { body }: RouteCall<typeof claimAuditEvents>): Promise<RouteResult<typeof claimAuditEvents>> {
    const claimed = await claim(this.dataSource.manager, body.holder, body);
    return { events: [...(claimed?.events ?? [])], hasMore: claimed?.hasMore ?? false };
  }

  @Route(acknowledgeAuditEvents)
  async acknowledge(
    @Call() { body }: RouteCall<typeof acknowledgeAuditEvents>,
  ): Promise<RouteResult<typeof acknowledgeAuditEvents>> {
    await acknowledge(this.dataSource.manager, body.eventIds);
    if (body.isLast) await releaseAuditLease(this.dataSource.manager, body.holder);
    return { acknowledged: body.eventIds.length };
  }
}
