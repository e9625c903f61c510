import { ROLE_NAMES } from '@sluice/kernel';
import { z } from 'zod';

const person = { id: z.string().min(1), name: z.string(), email: z.string() };

/** What a service token says besides issuer, receiver and times: the account, on whose behalf the call is, and their rights. */
export const callClaims = z.object({
  /** Empty for calls that concern no account, such as the check of an API key. */
  accountId: z.string(),
  principal: z.discriminatedUnion('type', [
    z.object({ type: z.literal('user'), ...person }),
    z.object({ type: z.literal('serviceAccount'), ...person }),
    z.object({ type: z.literal('service'), id: z.string().min(1), name: z.string() }),
  ]),
  grants: z.array(
    z.object({ role: z.enum(ROLE_NAMES), orgId: z.string().optional(), projectId: z.string().optional() }),
  ),
  origin: z
    .object({ clientAddress: z.string(), userAgent: z.string().optional(), keyId: z.string().optional() })
    .optional(),
});
