import { SECURITY_EVENT_KINDS, defineRoute, ngPage, ngPageQuery, scopeQuery, securityEventRecord } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs } from './places.js';

const LARGEST_PAGE = 100;
const { eventId, kind, outcome, resourceType, identifier, actor, origin, correlationId, count, details } = securityEventRecord.shape;

/** Our extension: a right that was used, or was lacking. Those of one minute that are alike are one, with their number; all but `count` and `lastOccurredAt` is of the first. */
export const securityEvent = z.object({
  eventId,
  kind,
  outcome,
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  resourceType,
  identifier,
  actor,
  origin,
  correlationId,
  count,
  occurredAt: epochMs,
  lastOccurredAt: epochMs,
  details,
});
export type SecurityEvent = z.output<typeof securityEvent>;
export type SecurityEventKind = SecurityEvent['kind'];

export const listSecurityEvents = defineRoute({
  id: 'listSecurityEvents',
  method: 'GET',
  path: '/ng/api/security-events',
  summary: 'List security events, newest first: those of the scopes in which the caller holds audit.view',
  style: 'ng',
  access: { permission: 'audit.view', orInside: true },
  query: z.object({ ...scopeQuery, ...ngPageQuery, pageSize: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(50), kind: z.enum(SECURITY_EVENT_KINDS).optional() }),
  response: ngPage(securityEvent),
});
