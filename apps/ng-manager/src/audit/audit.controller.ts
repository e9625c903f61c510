import { Controller } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  getAuditEvent,
  getAuditYaml,
  getAuditYamlByQuery,
  listAuditEvents,
  receiveAuditEvents,
  verifyAuditTrail,
} from '@sluice/ng-manager-api';
import { AuditService } from './audit.service.js';

const PIPELINE_MODULE = 'PIPELINE';

@Controller()
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Route(listAuditEvents)
  list(@Call() { ctx, scope, query, body }: RouteCall<typeof listAuditEvents>) {
    const isOldestFirst = query.sortOrders?.some((order) => /^timestamp\s*[,:]\s*asc$/i.test(order.trim())) ?? false;
    return this.audit.list(ctx, scope, body ?? {}, {
      index: query.pageIndex,
      size: query.pageSize,
      token: query.pageToken,
      isOldestFirst,
      term: query.searchTerm,
    });
  }

  @Route(verifyAuditTrail)
  verify(@Call() { ctx, query }: RouteCall<typeof verifyAuditTrail>) {
    const [position, hash] = query.known?.split(':') ?? [];
    return this.audit.verify(
      ctx.accountId,
      query.fromPosition,
      query.limit,
      position && hash ? { position: Number(position), hash } : undefined,
    );
  }

  @Route(getAuditYamlByQuery)
  yamlByQuery(@Call() { ctx, scope, query }: RouteCall<typeof getAuditYamlByQuery>) {
    return this.audit.yaml(ctx, scope, query.auditId);
  }

  @Route(getAuditYaml)
  yaml(@Call() { ctx, scope, params }: RouteCall<typeof getAuditYaml>) {
    return this.audit.yaml(ctx, scope, params.auditId);
  }

  @Route(getAuditEvent)
  get(@Call() { ctx, scope, params }: RouteCall<typeof getAuditEvent>) {
    return this.audit.get(ctx, scope, params.auditId);
  }

  @Route(receiveAuditEvents)
  async receive(@Call() { body }: RouteCall<typeof receiveAuditEvents>) {
    await this.audit.receive(body.events, PIPELINE_MODULE);
    return { received: body.events.length };
  }
}
