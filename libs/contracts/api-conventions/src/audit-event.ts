import { z } from 'zod';

export const actor = z.object({
  type: z.enum(['user', 'serviceAccount', 'service', 'unknown']),
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
});
export const origin = z.object({
  clientAddress: z.string(),
  userAgent: z.string().optional(),
  keyId: z.string().optional(),
});

/**
 * One audit event as services hand it on: who did what, to what, where, from where, and how it looked before and after. Made in the transaction of the
 * change; `eventId` is chosen there, so that handing it on twice adds it once. Nothing in it is secret: it was redacted before it was stored.
 */
export const auditEventRecord = z.object({
  eventId: z.string().min(1).max(64),
  /** When it happened, milliseconds since the epoch. */
  at: z.int(),
  accountId: z.string().min(1),
  orgId: z.string().nullable(),
  projectId: z.string().nullable(),
  /** Imperative camelCase: `create`, `update`, `delete`, `start`, … */
  action: z.string().min(1).max(64),
  /** camelCase noun: `connector`, `inputSet`, … */
  resourceType: z.string().min(1).max(64),
  identifier: z.string().max(1024),
  /** Name shown for the resource, when it has one. */
  name: z.string().nullable(),
  actor,
  origin: origin.nullable(),
  requestMethod: z.string().nullable(),
  correlationId: z.string(),
  /** Facts about the change that are not in the entity itself. */
  details: z.record(z.string(), z.unknown()),
  before: z.unknown(),
  after: z.unknown(),
  /** Paths whose values differ, also of values that are not shown. */
  changes: z.array(z.string()),
});
export type AuditEventRecord = z.output<typeof auditEventRecord>;
export type AuditActor = z.output<typeof actor>;
