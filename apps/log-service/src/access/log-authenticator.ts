import type { IncomingHttpHeaders } from 'node:http';
import { isAllowed } from '@sluice/api-conventions';
import { AppError, accountScope } from '@sluice/kernel';
import { LOG_TOKEN_HEADER, logTokenClaims, type LogTokenClaims } from '@sluice/log-api';
import type { CallIdentity, ServiceIdentity } from '@sluice/service-identity';
import { z } from 'zod';
import type { LogCaller, LogScope } from './log-access.js';

const ACCOUNT_TOKEN_SECONDS = 48 * 3_600;
const LINK_SECONDS = 3_600;
/** Length of life of a link as clients are told it. */
export const LINK_NANOSECONDS = LINK_SECONDS * 1_000_000_000;

const blobLink = z.object({ kind: z.literal('blobLink'), right: z.enum(['read', 'write']), key: z.string(), scope: z.object({ orgId: z.string().optional(), projectId: z.string().optional() }) });
export type BlobLink = z.infer<typeof blobLink>;

const archiveLink = z.object({
  kind: z.literal('archiveLink'),
  prefix: z.string(),
  caller: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('service'), service: z.enum(['gateway', 'pipeline']), identity: z.custom<CallIdentity>((value) => typeof value === 'object' && value !== null) }),
    z.object({ kind: z.literal('token'), claims: logTokenClaims }),
  ]),
});
export type ArchiveLink = z.infer<typeof archiveLink>;

/** Checks the three proofs the log service takes, and signs the two it gives out. */
export class LogAuthenticator {
  constructor(private readonly identity: ServiceIdentity) {}

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, ACCESS_DENIED */
  async authenticate(headers: IncomingHttpHeaders): Promise<LogCaller> {
    const caller = await this.tryAuthenticate(headers);
    if (caller) return caller;
    throw new AppError('INVALID_TOKEN', 'show an x-api-key to the gateway, or a log token in X-Harness-Token');
  }

  /** Undefined when no proof is shown at all. */
  async tryAuthenticate(headers: IncomingHttpHeaders): Promise<LogCaller | undefined> {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    if (bearer) {
      const { caller, ...identity } = await this.identity.verifyCall(bearer, ['gateway', 'pipeline']);
      return { kind: 'service', service: caller, identity };
    }
    const token = headers[LOG_TOKEN_HEADER];
    if (typeof token !== 'string' || token === '') return undefined;
    return { kind: 'token', claims: await this.claims(token, logTokenClaims, ['pipeline', 'log-service']) };
  }

  /** A token for a whole account. It may do what the caller may do in the whole account, and no more. @throws AppError ACCESS_DENIED */
  async accountToken(caller: LogCaller): Promise<string> {
    if (caller.kind === 'token') throw new AppError('ACCESS_DENIED', 'a log token cannot be exchanged for another; use an x-api-key');
    const { accountId, grants, principal } = caller.identity;
    const scope = accountScope(accountId);
    const rights: LogTokenClaims['rights'] = [
      ...(isAllowed(accountId, grants, 'log.view', scope) ? (['read'] as const) : []),
      ...(isAllowed(accountId, grants, 'pipeline.execute', scope) ? (['write'] as const) : []),
    ];
    if (rights.length === 0) throw new AppError('ACCESS_DENIED', `${principal.name} lacks log.view in account ${accountId}`);
    return this.identity.sign('log-service', { kind: 'log', accountId, keyPrefix: accountId, rights } satisfies LogTokenClaims, ACCOUNT_TOKEN_SECONDS);
  }

  async signBlobLink(right: 'read' | 'write', key: string, scope: LogScope): Promise<string> {
    return this.identity.sign('log-service', { kind: 'blobLink', right, key, scope } satisfies BlobLink, LINK_SECONDS);
  }

  async signArchiveLink(prefix: string, caller: LogCaller): Promise<string> {
    return this.identity.sign('log-service', { kind: 'archiveLink', prefix, caller }, LINK_SECONDS);
  }

  async verifyBlobLink(signature: string, right: 'read' | 'write'): Promise<BlobLink> {
    const claims = await this.claims(signature, blobLink, ['log-service']);
    if (claims.right !== right) throw new AppError('ACCESS_DENIED', `this link is for ${claims.right === 'read' ? 'reading' : 'writing'} only`);
    return claims;
  }

  async verifyArchiveLink(signature: string): Promise<ArchiveLink> {
    return this.claims(signature, archiveLink, ['log-service']);
  }

  private async claims<S extends z.ZodType>(token: string, schema: S, issuers: ('pipeline' | 'log-service')[]): Promise<z.output<S>> {
    const { claims } = await this.identity.verify(token, issuers);
    const parsed = schema.safeParse(claims);
    if (parsed.success) return parsed.data;
    throw new AppError('INVALID_TOKEN', 'the token is not one for this address');
  }
}
