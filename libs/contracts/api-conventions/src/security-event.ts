import { z } from 'zod';
import { actor, origin } from './audit-event.js';

/**
 * What security events are about. They stand beside the audit trail: nothing was changed, but somebody used, or tried to use, a right.
 * - `accessDenied`: a request was refused for want of a right (403)
 * - `signIn`: the first use of an API key from a client address
 * - `signInRefused`: a key of the account that is wrong, revoked or expired, or whose holder is disabled
 * - `connectorTest`, `secretTest`: a connection test sent, or a validation opened, values of secrets
 * - `logTokenIssued`: a token or a link that opens logs was given out
 * - `logUploaded`, `logOverwritten`: a log was stored with an API key, not by the pod of a run; a finished log was written again, or somebody tried to
 * - `delegateConnected`, `delegateRefused`: a delegate was let in, with which token; or was not
 */
export const SECURITY_EVENT_KINDS = [
  'accessDenied',
  'signIn',
  'signInRefused',
  'connectorTest',
  'secretTest',
  'logTokenIssued',
  'logUploaded',
  'logOverwritten',
  'delegateConnected',
  'delegateRefused',
] as const;
export type SecurityEventKind = (typeof SECURITY_EVENT_KINDS)[number];

/** One security event as services keep it and hand it on. `eventId` is chosen where it happened, so that handing it on twice adds it once. Holds no secret. */
export const securityEventRecord = z.object({
  eventId: z.string().min(1).max(64),
  /** When it happened, milliseconds since the epoch. */
  at: z.int(),
  kind: z.enum(SECURITY_EVENT_KINDS),
  outcome: z.enum(['allowed', 'refused']),
  accountId: z.string().min(1),
  orgId: z.string().nullable(),
  projectId: z.string().nullable(),
  /** camelCase noun: `connector`, `delegate`, `route`, … */
  resourceType: z.string().min(1).max(64),
  identifier: z.string().max(1024),
  actor,
  origin: origin.nullable(),
  correlationId: z.string(),
  /** How many alike this one stands for, within the minute of `at`. */
  count: z.int().min(1),
  details: z.record(z.string(), z.unknown()),
});
export type SecurityEventRecord = z.output<typeof securityEventRecord>;

/** An event, and the SHA-256 (hexadecimal) of what makes others like it: those of one minute are kept as one, with their number. */
export const notedSecurityEvent = z.object({ event: securityEventRecord, alike: z.string().regex(/^[0-9a-f]{64}$/) });
export type NotedSecurityEvent = z.output<typeof notedSecurityEvent>;
