import type { IncomingHttpHeaders } from 'node:http';
import { isAllowed } from '@sluice/api-conventions';
import { AppError, accountScope, newUuid, type RoleGrant } from '@sluice/kernel';
import { LOG_TOKEN_HEADER, logTokenClaims, type LogTokenClaims } from '@sluice/log-api';
import type { ServiceIdentity, TokenPurpose } from '@sluice/service-identity';
import { z } from 'zod';
import type { BlobPlace } from '../blob/blob.service.js';
import { CallersOfRequests } from '../security/log-events.js';
import type { KeyHolders } from './key-holders.js';
import type { LogCaller, LogScope, LogWriter } from './log-access.js';

const LINK_SECONDS = 3_600;
/** Length of life of a link as clients are told it. */
export const LINK_NANOSECONDS = LINK_SECONDS * 1_000_000_000;

const scope = z.object({ orgId: z.string().optional(), projectId: z.string().optional() });
const downloadLink = z.object({ kind: z.literal('blobDownload'), key: z.string() });
const uploadLink = z.object({
  kind: z.literal('blobUpload'),
  key: z.string(),
  scope,
  writer: z.custom<LogWriter>((value) => typeof value === 'string' && /^(pod|key):/.test(value)),
});
const blobLink = z.discriminatedUnion('kind', [downloadLink, uploadLink]);
/** Names who made it nowhere: a link is passed on, and ends up in histories and the logs of proxies. */
const archiveLink = z.object({ kind: z.literal('archive'), prefix: z.string(), scopes: z.array(scope) });

/** What the holder of a link to an archive may see: logs below the prefix that were opened with one of these scopes. */
export interface ArchiveRights {
  readonly prefix: string;
  readonly scopes: readonly LogScope[];
}

/** Checks the three proofs the log service takes, and signs the two it gives out. */
export class LogAuthenticator {
  /** Who was found to ask, for what is told of a request afterwards. */
  readonly callers = new CallersOfRequests();

  /** @param tokenSeconds life of the log tokens given out for API keys */
  constructor(
    private readonly identity: ServiceIdentity,
    private readonly holders: KeyHolders,
    private readonly tokenSeconds: number,
  ) {}

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, ACCESS_DENIED */
  async authenticate(headers: IncomingHttpHeaders): Promise<LogCaller> {
    const caller = await this.tryAuthenticate(headers);
    if (caller) return this.callers.remember(headers, caller);
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
    return {
      kind: 'token',
      claims: await this.withRightsOfNow(
        await this.claims('log+jwt', token, logTokenClaims, ['pipeline', 'log-service']),
      ),
    };
  }

  /** A token for an API key is worth what the key is worth at this moment. */
  private async withRightsOfNow(claims: LogTokenClaims): Promise<LogTokenClaims> {
    if (claims.keyId === undefined) return claims;
    const { grants } = await this.holders.holderOf(claims.accountId, claims.keyId);
    const rights = rightsInAccount(claims.accountId, grants);
    return { ...claims, rights: claims.rights.filter((right) => rights.includes(right)) };
  }

  /** A token for a whole account. It may do what the caller may do in the whole account, and no more. @throws AppError ACCESS_DENIED */
  async accountToken(caller: LogCaller): Promise<string> {
    if (caller.kind === 'token')
      throw new AppError('ACCESS_DENIED', 'a log token cannot be exchanged for another; use an x-api-key');
    const { accountId, grants, principal, origin } = caller.identity;
    const rights = rightsInAccount(accountId, grants);
    if (rights.length === 0)
      throw new AppError('ACCESS_DENIED', `${principal.name} lacks log.view in account ${accountId}`);
    return this.identity.sign(
      'log+jwt',
      'log-service',
      {
        kind: 'log',
        accountId,
        keyPrefix: accountId,
        rights,
        jti: newUuid(),
        ...(origin?.keyId ? { keyId: origin.keyId } : {}),
      } satisfies LogTokenClaims,
      this.tokenSeconds,
    );
  }

  async signDownloadLink(key: string): Promise<string> {
    return this.link({ kind: 'blobDownload', key } satisfies z.infer<typeof downloadLink>);
  }

  async signUploadLink({ key, scope, writer }: BlobPlace): Promise<string> {
    return this.link({ kind: 'blobUpload', key, scope, writer } satisfies z.infer<typeof uploadLink>);
  }

  async signArchiveLink({ prefix, scopes }: ArchiveRights): Promise<string> {
    return this.link({ kind: 'archive', prefix, scopes });
  }

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, ACCESS_DENIED for a link to write */
  async verifyDownloadLink(signature: string): Promise<{ readonly key: string }> {
    const claims = await this.claims('link+jwt', signature, blobLink, ['log-service']);
    if (claims.kind === 'blobDownload') return claims;
    throw new AppError('ACCESS_DENIED', 'this link is for writing only');
  }

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, ACCESS_DENIED for a link to read */
  async verifyUploadLink(signature: string): Promise<BlobPlace> {
    const claims = await this.claims('link+jwt', signature, blobLink, ['log-service']);
    if (claims.kind === 'blobUpload') return claims;
    throw new AppError('ACCESS_DENIED', 'this link is for reading only');
  }

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN */
  async verifyArchiveLink(signature: string): Promise<ArchiveRights> {
    return this.claims('link+jwt', signature, archiveLink, ['log-service']);
  }

  private link(claims: Readonly<Record<string, unknown>>): Promise<string> {
    return this.identity.sign('link+jwt', 'log-service', claims, LINK_SECONDS);
  }

  private async claims<S extends z.ZodType>(
    purpose: TokenPurpose,
    token: string,
    schema: S,
    issuers: ('pipeline' | 'log-service')[],
  ): Promise<z.output<S>> {
    const { claims } = await this.identity.verify(purpose, token, issuers);
    const parsed = schema.safeParse(claims);
    if (parsed.success) return parsed.data;
    throw new AppError('INVALID_TOKEN', 'the token is not one for this address');
  }
}

/** What these grants allow with all logs of the account: reading them, and writing logs of one's own. */
function rightsInAccount(accountId: string, grants: readonly RoleGrant[]): LogTokenClaims['rights'] {
  const scope = accountScope(accountId);
  return [
    ...(isAllowed(accountId, grants, 'log.view', scope) ? (['read'] as const) : []),
    ...(isAllowed(accountId, grants, 'pipeline.execute', scope) ? (['write'] as const) : []),
  ];
}
