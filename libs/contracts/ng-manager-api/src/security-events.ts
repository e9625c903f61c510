import {
  SECURITY_EVENT_KINDS,
  defineRoute,
  ngPage,
  ngPageQuery,
  notedSecurityEvent,
  scopeQuery,
  securityEventRecord,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs } from './places.js';

const LARGEST_PAGE = 100;
const MOST_RECEIVED = 500;
/** The last millisecond a date can name. */
const LATEST_MS = 8_640_000_000_000_000;
const { eventId, kind, outcome, resourceType, identifier, actor, origin, correlationId, count, details } =
  securityEventRecord.shape;

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

/** Which events; those that happened (the first of them) at `startTime` or later, and before `endTime`. Milliseconds since the epoch. */
const filter = {
  kind: z.enum(SECURITY_EVENT_KINDS).optional(),
  startTime: z.coerce.number().int().min(0).max(LATEST_MS).optional(),
  endTime: z.coerce.number().int().min(0).max(LATEST_MS).optional(),
};
export type SecurityEventFilter = z.output<z.ZodObject<typeof filter>>;

export const listSecurityEvents = defineRoute({
  id: 'listSecurityEvents',
  method: 'GET',
  path: '/ng/api/security-events',
  summary: 'List security events, newest first: those of the scopes in which the caller holds audit.view',
  style: 'ng',
  access: { permission: 'audit.view', orInside: true },
  query: z.object({
    ...scopeQuery,
    ...ngPageQuery,
    pageSize: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(50),
    ...filter,
  }),
  response: ngPage(securityEvent),
});

/** Events of a service that keeps none itself; they may have been sent before. Resolves once they are stored. */
export const receiveSecurityEvents = defineRoute({
  id: 'receiveSecurityEvents',
  method: 'POST',
  path: '/ng/api/internal/security-events',
  summary: 'Add events to the security events',
  style: 'internal',
  access: 'service',
  callers: ['gateway', 'pipeline', 'log-service'],
  body: z.object({ events: z.array(notedSecurityEvent).min(1).max(MOST_RECEIVED) }),
  response: z.object({ received: z.int() }),
});
