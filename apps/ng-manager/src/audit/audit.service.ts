import { Injectable } from '@nestjs/common';
import { isAllowed, toNgPage, type AuditEventRecord, type NgPage, type RouteResult } from '@sluice/api-conventions';
import { AppError, isWithin, scopeOf, type RequestContext, type Scope } from '@sluice/kernel';
import type { AuditDetail, AuditEvent, AuditFilter, AuditYaml, verifyAuditTrail } from '@sluice/ng-manager-api';
import { visibleTo } from '../access/permission.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { MOST_COUNTED, type AuditPlace, type AuditSearch } from './audit-reads.js';
import { presentDetail, presentEvent, presentYaml, storedNames, storedPrincipalType } from './audit-view.js';
import { NO_EVENTS, breakOf, type ChainHead, type ChainedEvent } from './chain.js';

type Verdict = RouteResult<typeof verifyAuditTrail>;

export interface AuditPageRequest {
  readonly index: number;
  readonly size: number;
  readonly token: string | undefined;
  readonly isOldestFirst: boolean;
  readonly term: string | undefined;
}

const VERIFIED_AT_ONCE = 500;

/** The audit trail for those who may see it, and the check that nobody changed it. */
@Injectable()
export class AuditService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Events inside `scope` that the caller may see. @throws AppError ACCESS_DENIED for a filter on another account, INVALID_REQUEST beyond what is counted */
  async list(
    ctx: RequestContext,
    scope: Scope,
    filter: AuditFilter,
    request: AuditPageRequest,
  ): Promise<NgPage<AuditEvent> & { pageToken: string | null }> {
    const place = placeOf(request);
    const search = searchOf(ctx, scope, filter, request.term);
    const { auditReads } = this.unitOfWork.read;
    const [events, total] = await Promise.all([
      auditReads.page(ctx.accountId, search, place),
      auditReads.count(ctx.accountId, search),
    ]);
    const last = events.length < request.size ? undefined : events.at(-1);
    return {
      ...toNgPage(events.map(presentEvent), total, request.index, request.size),
      pageToken: last ? String(last.position) : null,
    };
  }

  async get(ctx: RequestContext, scope: Scope, auditId: string): Promise<AuditDetail> {
    return presentDetail(await this.find(ctx, scope, auditId));
  }

  async yaml(ctx: RequestContext, scope: Scope, auditId: string): Promise<AuditYaml> {
    return presentYaml(await this.find(ctx, scope, auditId));
  }

  /** Adds what another service has recorded. One transaction for all accounts in it, so that what is answered is there. */
  async receive(events: readonly AuditEventRecord[], module: string): Promise<void> {
    await this.unitOfWork.run((stores) => stores.audit.appendReceived(events, module));
  }

  /** Reads at most `limit` events of the account's chain from `fromPosition` on, in small batches, and stops at the first that does not fit. */
  async verify(accountId: string, fromPosition: number, limit: number, known: ChainHead | undefined): Promise<Verdict> {
    const { auditReads } = this.unitOfWork.read;
    // Events that come meanwhile stand behind this one and are not looked at.
    const end = await auditReads.head(accountId);
    const [before] = fromPosition === 1 ? [] : await auditReads.chainFrom(accountId, fromPosition - 1, 1);
    let head: ChainHead =
      fromPosition === 1 || before === undefined ? { ...NO_EVENTS, position: fromPosition - 1 } : before;
    if (before !== undefined && before.position !== fromPosition - 1)
      return broken(0, { ...head, position: fromPosition - 2 }, end, `event ${fromPosition - 1} is missing`);
    if (known && known.position > end.position)
      return broken(0, { ...end }, end, `the chain ends at event ${end.position}; event ${known.position} is missing`);
    const [witness] = known ? await auditReads.chainFrom(accountId, known.position, 1) : [];
    if (known && (witness?.position !== known.position || witness.hash !== known.hash))
      return broken(
        0,
        { ...head, position: known.position - 1 },
        end,
        `event ${known.position} is not the one that was known`,
      );
    let checked = 0;
    while (checked < limit && head.position < end.position) {
      const events = await auditReads.chainFrom(
        accountId,
        head.position + 1,
        Math.min(VERIFIED_AT_ONCE, limit - checked, end.position - head.position),
      );
      for (const event of events) {
        const reason = breakOf(head, event);
        if (reason) return broken(checked, head, end, reason);
        head = event;
        checked += 1;
      }
      if (events.length === 0) return broken(checked, head, end, `event ${head.position + 1} is missing`);
    }
    const isComplete = head.position >= end.position;
    if (isComplete && (head.position !== end.position || head.hash !== end.hash))
      return broken(checked, head, end, 'the chain does not end where its last event was added');
    const [beyond] = isComplete ? await this.beyond(accountId, end) : [];
    if (beyond) return broken(checked, head, end, `event ${beyond.position} stands behind the end of the chain`);
    return { ok: true, checked, checkedTo: head.position, isComplete, head: end };
  }

  /** Events behind the end of the chain; looked at again with a fresh end, because others add events all the time. */
  private async beyond(accountId: string, end: ChainHead): Promise<readonly ChainedEvent[]> {
    const events = await this.unitOfWork.read.auditReads.chainFrom(accountId, end.position + 1, 1);
    const now = events.length > 0 ? await this.unitOfWork.read.auditReads.head(accountId) : end;
    return events.filter(({ position }) => position > now.position);
  }

  private async find(ctx: RequestContext, scope: Scope, auditId: string): Promise<ChainedEvent> {
    const event = await this.unitOfWork.read.auditReads.find(ctx.accountId, auditId);
    if (event) {
      const at = scopeOf({
        accountId: event.accountId,
        orgId: event.orgId ?? undefined,
        projectId: event.projectId ?? undefined,
      });
      if (isWithin(at, scope) && isAllowed(ctx.accountId, ctx.grants, 'audit.view', at)) return event;
    }
    throw new AppError('RESOURCE_NOT_FOUND', `there is no audit event "${auditId}" in what you may see`);
  }
}

function broken(checked: number, { position }: ChainHead, head: ChainHead, reason: string): Verdict {
  return {
    ok: false,
    checked,
    checkedTo: Math.max(0, position),
    isComplete: false,
    head: { position: head.position, hash: head.hash },
    brokenAt: position + 1,
    reason,
  };
}

function placeOf({ index, size, token, isOldestFirst }: AuditPageRequest): AuditPlace {
  if (token !== undefined) return { isOldestFirst, behind: Number(token), offset: 0, limit: size };
  if (index * size >= MOST_COUNTED && index > 0) {
    throw new AppError(
      'INVALID_REQUEST',
      `pageIndex ${index} is beyond the first ${MOST_COUNTED} events; go on with pageToken of the page before, or narrow startTime and endTime`,
      { fields: [{ field: 'pageIndex', error: 'is too large' }] },
    );
  }
  return { isOldestFirst, behind: undefined, offset: index * size, limit: size };
}

function searchOf(ctx: RequestContext, scope: Scope, filter: AuditFilter, term: string | undefined): AuditSearch {
  const wanted = (filter.scopes ?? []).map(({ accountIdentifier, orgIdentifier, projectIdentifier }) =>
    scopeOf({
      accountId: accountIdentifier || ctx.accountId,
      orgId: orgIdentifier || undefined,
      projectId: projectIdentifier || undefined,
    }),
  );
  const foreign = wanted.find(({ accountId }) => accountId !== ctx.accountId);
  if (foreign)
    throw new AppError('ACCESS_DENIED', `the key belongs to account ${ctx.accountId}, not to ${foreign.accountId}`);
  // What lies inside both is the narrower of the two; scopes beside the request's own hold nothing of it.
  const inside = wanted.flatMap((one) => (isWithin(one, scope) ? [one] : isWithin(scope, one) ? [scope] : []));
  const scopes = wanted.length === 0 ? [scope] : inside;
  return {
    visible: scopes.length === 0 ? { orgIds: [], projects: [] } : visibleTo(ctx, 'audit.view'),
    scopes,
    resources: (filter.resources ?? []).flatMap(({ type, identifier }) =>
      storedNames(type).map((name) => ({ type: name, identifier: identifier || undefined })),
    ),
    modules: (filter.modules ?? []).map((module) => module.toUpperCase()),
    actions: (filter.actions ?? []).flatMap(storedNames),
    principals: (filter.principals ?? []).map(({ type, identifier }) => ({
      type: storedPrincipalType(type),
      identifier,
    })),
    from: filter.startTime ?? undefined,
    until: filter.endTime ?? undefined,
    term: term || filter.searchTerm || undefined,
  };
}
