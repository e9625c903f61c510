import { defineRoute } from '@sluice/api-conventions';
import { ROLE_NAMES } from '@sluice/kernel';
import { z } from 'zod';

/** Who signed in, as the service token carries it onwards. */
const signedIn = z.object({
  accountId: z.string(),
  principal: z.object({
    type: z.enum(['user', 'serviceAccount']),
    id: z.string(),
    name: z.string(),
    email: z.string(),
  }),
  grants: z.array(
    z.object({ role: z.enum(ROLE_NAMES), orgId: z.string().optional(), projectId: z.string().optional() }),
  ),
  /** Identifies the key for rate limits and audit; never the secret. */
  keyId: z.string(),
  /** Milliseconds the gateway may remember this answer, at most; revocation takes effect within it. */
  cacheMs: z.number().int(),
});
export type SignedIn = z.infer<typeof signedIn>;

/** Checks an API key. Errors: INVALID_TOKEN, EXPIRED_TOKEN, REVOKED_TOKEN. */
export const authenticateKey = defineRoute({
  id: 'authenticateKey',
  method: 'POST',
  path: '/ng/api/internal/authenticate',
  summary: 'Check an API key',
  style: 'internal',
  access: 'service',
  callers: ['gateway'],
  body: z.object({
    apiKey: z.string().max(512),
    clientAddress: z.string().max(64),
    userAgent: z.string().max(256).optional(),
  }),
  response: signedIn,
});

/**
 * Whose an API key is and what they may do now, for proofs that were given out for the key and are worth no more than it. The account is that of the call.
 * Errors: INVALID_TOKEN when there is no such key, EXPIRED_TOKEN, REVOKED_TOKEN.
 */
export const holderOfKey = defineRoute({
  id: 'holderOfKey',
  method: 'GET',
  path: '/ng/api/internal/api-keys/:keyId/holder',
  summary: 'Whose an API key is',
  style: 'internal',
  access: 'service',
  callers: ['log-service'],
  params: z.object({ keyId: z.string().min(1).max(128) }),
  response: signedIn,
});
