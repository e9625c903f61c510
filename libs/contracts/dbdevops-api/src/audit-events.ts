import { auditEventRecord, defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';

/** The oldest audit events NG manager has not acknowledged, for one holder at a time; empty while another holder has them. */
export const claimAuditEvents = defineRoute({
  id: 'claimAuditEvents',
  method: 'POST',
  path: '/dbdevops/internal/audit-events/claim',
  summary: 'Audit events that are not in the trail yet',
  style: 'internal',
  access: 'service',
  callers: ['ng-manager'],
  body: z.object({
    holder: z.string().min(1).max(128),
    limit: z.int().min(1).max(500),
    leaseMs: z.int().min(100).max(600_000),
  }),
  response: z.object({ events: z.array(auditEventRecord), hasMore: z.boolean() }),
});

/** The trail has committed these. Safe to repeat. `isLast` lets another holder go on at once. */
export const acknowledgeAuditEvents = defineRoute({
  id: 'acknowledgeAuditEvents',
  method: 'POST',
  path: '/dbdevops/internal/audit-events/acknowledge',
  summary: 'Audit events the trail has',
  style: 'internal',
  access: 'service',
  callers: ['ng-manager'],
  body: z.object({
    holder: z.string().min(1).max(128),
    eventIds: z.array(z.uuid()).max(500),
    isLast: z.boolean().default(false),
  }),
  response: z.object({ acknowledged: z.int() }),
});
