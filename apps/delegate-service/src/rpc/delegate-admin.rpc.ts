import { Inject, Injectable } from '@nestjs/common';
import type {
  ClaimSecurityEventsReply,
  DeadLetterRecord,
  DelegateAdminMethods,
  DelegateRecord,
  ListDeadLettersRequest,
  ListDelegatesRequest,
  ListTokensRequest,
  Nothing,
  PutTokenRequest,
  RedriveDeadLetterRequest,
  TokenRecord,
  TokenRef,
} from '@sluice/delegate-rpc';
import type { ServiceCall, ServiceHandlers } from '@sluice/grpc';
import { CONFIG, type DelegateServiceConfig } from '../config.js';
import { rpcScope } from '../database.js';
import { DelegateRepository, type DelegateRow } from '../delegate/delegate.repository.js';
import { SecurityOutbox } from '../security/security-outbox.js';
import { silentMs } from '../delegate/silence.js';
import { DeadLetterService } from '../task/dead-letter.service.js';
import type { TokenRow } from '../token/token.repository.js';
import { TokenService } from '../token/token.service.js';
import { scopeOfCall } from './delegate-tasks.rpc.js';

const MOST_HANDED_OVER = 500;

/** Tokens, delegates, dead letters and security events, for NG manager, which checks the user's rights. */
@Injectable()
export class DelegateAdminRpc implements ServiceHandlers<DelegateAdminMethods> {
  constructor(
    private readonly tokens: TokenService,
    private readonly delegates: DelegateRepository,
    private readonly deadLetters: DeadLetterService,
    private readonly securityOutbox: SecurityOutbox,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
  ) {}

  readonly PutToken = async (call: ServiceCall, request: PutTokenRequest): Promise<TokenRecord> => {
    const issued = await this.tokens.put(scopeOfCall(call, request.scope), {
      name: request.name,
      value: request.value || null,
      revokeAfterMs: request.revokeAfterMs || null,
      createdBy: request.createdBy || call.principal.name,
    });
    return tokenRecord(issued.row, issued.value ?? '');
  };

  readonly RevokeToken = async (call: ServiceCall, request: TokenRef): Promise<TokenRecord> =>
    tokenRecord(await this.tokens.revoke(scopeOfCall(call, request.scope), request.name));

  readonly DeleteToken = async (call: ServiceCall, request: TokenRef): Promise<{ deleted: boolean }> => ({
    deleted: await this.tokens.delete(scopeOfCall(call, request.scope), request.name),
  });

  readonly ListTokens = async (call: ServiceCall, request: ListTokensRequest): Promise<{ tokens: TokenRecord[] }> => {
    const rows = await this.tokens.list(scopeOfCall(call, request.scope), {
      name: request.name,
      status: request.status,
    });
    return { tokens: rows.map((row) => tokenRecord(row)) };
  };

  readonly ListDelegates = async (
    call: ServiceCall,
    request: ListDelegatesRequest,
  ): Promise<{ delegates: DelegateRecord[] }> => {
    const scope = scopeOfCall(call, request.scope);
    const rows = request.all
      ? await this.delegates.listAround(scope, silentMs(this.config))
      : await this.delegates.list(scope, silentMs(this.config));
    return { delegates: rows.map(delegateRecord) };
  };

  readonly ListDeadLetters = async (
    call: ServiceCall,
    { accountId, page, size }: ListDeadLettersRequest,
  ): Promise<{ letters: DeadLetterRecord[]; total: number }> => {
    const { letters, total } = await this.deadLetters.list(accountOfCall(call, accountId), page, size);
    return { letters: [...letters], total };
  };

  readonly RedriveDeadLetter = async (
    call: ServiceCall,
    { accountId, id }: RedriveDeadLetterRequest,
  ): Promise<Nothing> => {
    await this.deadLetters.redrive(accountOfCall(call, accountId), id);
    return {};
  };

  readonly ClaimSecurityEvents = async (
    _call: ServiceCall,
    { limit }: { limit: number },
  ): Promise<ClaimSecurityEventsReply> => {
    const { events, hasMore } = await this.securityOutbox.handOver(Math.min(Math.max(limit, 1), MOST_HANDED_OVER));
    return { eventsJson: events.map((noted) => JSON.stringify(noted)), hasMore };
  };

  readonly AcknowledgeSecurityEvents = async (
    _call: ServiceCall,
    { eventIds }: { eventIds: string[] },
  ): Promise<Nothing> => {
    await this.securityOutbox.acknowledge(eventIds);
    return {};
  };
}

function accountOfCall(call: ServiceCall, accountId: string): string {
  return scopeOfCall(call, { accountId, orgId: '', projectId: '' }).accountId;
}

function tokenRecord(row: TokenRow, value = ''): TokenRecord {
  return {
    id: row.id,
    scope: rpcScope(row),
    name: row.name,
    status: row.status,
    createdAtMs: row.created_at.getTime(),
    createdBy: row.created_by,
    value,
    revokeAfterMs: row.revoke_after?.getTime() ?? 0,
  };
}

function delegateRecord(row: DelegateRow): DelegateRecord {
  return {
    id: row.id,
    scope: rpcScope(row),
    name: row.name,
    hostName: row.host_name,
    version: row.version,
    tags: [...row.tags],
    lastHeartbeatMs: row.last_heartbeat_at.getTime(),
    connected: row.is_connected,
    tokenName: row.token_name ?? '',
    taskKinds: [...row.task_kinds],
    runningTasks: row.held_tasks,
    instanceId: row.instance_id,
  };
}
