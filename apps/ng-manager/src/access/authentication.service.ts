import { Inject, Injectable } from '@nestjs/common';
import type { AuditActor } from '@sluice/api-conventions';
import { AppError } from '@sluice/kernel';
import type { SignedIn } from '@sluice/ng-manager-api';
import type { Logger } from '@sluice/telemetry';
import { RefusedSignIns } from '../audit/refused-sign-ins.js';
import { LOGGER } from '../delegate/task-events.js';
import { SecurityEvents } from '../security-event/security-events.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { isSecretOf, parseApiKey, type ApiKeyParts } from './api-key-text.js';
import type { PresentedToken } from './api-key.repository.js';

/** How long the gateway may remember a good answer: a revoked key stops working within this. */
const CACHE_MS = 5_000;
/** Compared with when there is no such token, so that both cases take the same time. */
const NO_HASH = Buffer.alloc(32);
/** Whoever shows a key with a wrong secret has not shown who they are. */
const UNKNOWN: AuditActor = { type: 'unknown', id: 'unknown', name: 'unknown' };

@Injectable()
export class AuthenticationService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly log: Logger,
    private readonly refusedSignIns: RefusedSignIns,
    private readonly securityEvents: SecurityEvents,
  ) {}

  /**
   * Who holds an API key. One query by primary key, and one for whether the key was used from there before.
   * @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, REVOKED_TOKEN; wrong secrets and unknown keys look alike
   */
  async authenticate(
    apiKey: string,
    from: { readonly clientAddress: string; readonly userAgent?: string | undefined },
  ): Promise<SignedIn> {
    const parts = parseApiKey(apiKey);
    if (!parts)
      throw await this.refused(
        undefined,
        undefined,
        from,
        new AppError('INVALID_TOKEN', 'the x-api-key header does not hold an API key (pat.<account>.<id>.<secret>)'),
      );
    const token = await this.unitOfWork.read.apiKeys.presented(parts.accountId, parts.tokenId);
    const isRight =
      isSecretOf(token?.secretHash ?? NO_HASH, parts.secret) &&
      token?.user.type === (parts.kind === 'sat' ? 'serviceAccount' : 'user');
    if (!token || !isRight)
      throw await this.refused(
        parts,
        token && { keyId: parts.tokenId, actor: UNKNOWN },
        from,
        new AppError('INVALID_TOKEN', 'the API key is not valid'),
      );
    const problem = problemOf(token, Date.now());
    if (problem)
      throw await this.refused(
        parts,
        {
          keyId: parts.tokenId,
          actor: { type: token.user.type, id: token.user.id, name: token.user.name, email: token.user.email },
        },
        from,
        problem,
      );
    const holder = signedInWith(parts.accountId, parts.tokenId, token);
    await this.securityEvents.signedIn(holder, from);
    return holder;
  }

  /**
   * Who holds a key that signed in before, and what they may do now. One query by primary key.
   * @throws AppError INVALID_TOKEN when there is no such key, EXPIRED_TOKEN, REVOKED_TOKEN
   */
  async holderOf(accountId: string, keyId: string): Promise<SignedIn> {
    const token = await this.unitOfWork.read.apiKeys.presented(accountId, keyId);
    if (!token) throw new AppError('INVALID_TOKEN', 'the API key is not there any more');
    const problem = problemOf(token, Date.now());
    if (problem) throw problem;
    return signedInWith(accountId, keyId, token);
  }

  /** @param holder the key, when there is such a key; and whose it is, once its secret was right */
  private async refused(
    parts: ApiKeyParts | undefined,
    holder: { readonly keyId: string; readonly actor: AuditActor } | undefined,
    { clientAddress, userAgent }: { readonly clientAddress: string; readonly userAgent?: string | undefined },
    error: AppError,
  ): Promise<AppError> {
    this.log.warn(
      { accountId: parts?.accountId, keyId: parts?.tokenId, clientAddress, code: error.code },
      'sign-in refused',
    );
    if (parts)
      await this.refusedSignIns.record({
        accountId: parts.accountId,
        claimedKeyId: parts.tokenId,
        keyId: '',
        actor: UNKNOWN,
        ...holder,
        clientAddress,
        userAgent,
        code: error.code,
      });
    return error;
  }
}

function signedInWith(accountId: string, keyId: string, { user, grants, validTo }: PresentedToken): SignedIn {
  return {
    accountId,
    principal: { type: user.type, id: user.id, name: user.name, email: user.email },
    grants: [...grants],
    keyId,
    cacheMs: Math.min(CACHE_MS, validTo ? validTo.getTime() - Date.now() : CACHE_MS),
  };
}

function problemOf({ status, validFrom, validTo, user }: PresentedToken, now: number): AppError | undefined {
  if (status === 'revoked') return new AppError('REVOKED_TOKEN', 'the API key was revoked; create a new one');
  if (user.isDisabled) return new AppError('REVOKED_TOKEN', 'the user of this API key is disabled');
  if (validTo && validTo.getTime() <= now)
    return new AppError('EXPIRED_TOKEN', 'the API key has expired; create or rotate one');
  if (validFrom.getTime() > now + 1_000) return new AppError('INVALID_TOKEN', 'the API key is not valid yet');
  return undefined;
}
