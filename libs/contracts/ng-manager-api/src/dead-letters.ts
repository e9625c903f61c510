import { defineRoute, ngPage, ngPageQuery, scopeOfAccount } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, ngAccount } from './places.js';

const LARGEST_PAGE = 100;

/** Our extension: a task event that the service it was for could not handle. It is kept until it is sent again or its time is over. */
const deadLetter = z.object({
  id: z.int(),
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  /** `pipeline` or `ng-manager`. */
  service: z.string(),
  taskId: z.string(),
  event: z.enum(['acquired', 'secretsWanted', 'ended']),
  /** How the task ended; null for other events. */
  outcome: z.enum(['completed', 'late', 'notAcquired', 'leaseLost', 'timedOut', 'aborted']).nullable(),
  reason: z.string(),
  attempts: z.int(),
  occurredAt: epochMs,
  setAsideAt: epochMs,
});
export type DeadLetter = z.output<typeof deadLetter>;

const access = { permission: 'account.edit', scopeFrom: scopeOfAccount } as const;

export const listDeadLetters = defineRoute({
  id: 'listDeadLetters',
  method: 'GET',
  path: '/ng/api/dead-letters',
  summary: 'List task events of the account that could not be handled, newest first',
  style: 'ng',
  access,
  query: ngAccount.extend({ ...ngPageQuery, pageSize: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(50) }),
  response: ngPage(deadLetter),
});

/** The event is handled as if it came for the first time. One that fails again becomes a dead letter with another id. */
export const redriveDeadLetter = defineRoute({
  id: 'redriveDeadLetter',
  method: 'POST',
  path: '/ng/api/dead-letters/:id/redrive',
  summary: 'Send a task event that could not be handled to its service again',
  style: 'ng',
  access,
  params: z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  query: ngAccount,
  response: z.boolean(),
});
