import { Inject, Injectable } from '@nestjs/common';
import type {
  AbortReply,
  AbortRequest,
  AcknowledgeRequest,
  DelegateTasksMethods,
  LeaseTimesReply,
  Nothing,
  ProvideSecretsReply,
  ProvideSecretsRequest,
  RpcScope,
  SetAsideRequest,
  SubmitReply,
  SubmitRequest,
  TaskEvent,
} from '@sluice/delegate-rpc';
import type { ServiceCall, ServiceHandlers } from '@sluice/grpc';
import { AppError, scopeOf, type Scope } from '@sluice/kernel';
import { CONFIG, type DelegateServiceConfig } from '../config.js';
import { SecretDelivery } from '../connection/secret-delivery.js';
import { DeadLetterService } from '../task/dead-letter.service.js';
import { TaskEventStreamService } from '../task/task-event-stream.service.js';
import { TaskService } from '../task/task.service.js';

/** gRPC in: checks the account, calls one service method, maps to the reply. Rights beyond that are the calling service's, which knows the user. */
@Injectable()
export class DelegateTasksRpc implements ServiceHandlers<DelegateTasksMethods> {
  constructor(
    private readonly tasks: TaskService,
    private readonly secrets: SecretDelivery,
    private readonly streams: TaskEventStreamService,
    private readonly deadLetters: DeadLetterService,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
  ) {}

  readonly Submit = async (call: ServiceCall, request: SubmitRequest): Promise<SubmitReply> => {
    const { isKnown } = await this.tasks.submit({
      taskId: request.taskId,
      scope: scopeOfCall(call, request.scope),
      consumer: call.caller,
      payloadJson: request.payloadJson,
      selectors: request.selectors,
      boundDelegateId: request.boundDelegateId || null,
      queueTimeoutMs: request.queueTimeoutMs,
      runTimeoutMs: request.runTimeoutMs,
      description: request.description,
      traceparent: request.traceparent || (call.traceparent ?? ''),
    });
    return { alreadyKnown: isKnown };
  };

  readonly Abort = async (call: ServiceCall, request: AbortRequest): Promise<AbortReply> => {
    const { accountId } = scopeOfCall(call, { accountId: request.accountId, orgId: '', projectId: '' });
    return this.tasks.abort(accountId, call.caller, request.taskId);
  };

  readonly LeaseTimes = (): Promise<LeaseTimesReply> =>
    Promise.resolve({ leaseMs: this.config.leaseMs, fenceMs: this.config.fenceMs });

  readonly Events = (call: ServiceCall, _request: Nothing): AsyncIterable<TaskEvent> =>
    this.streams.open(call.caller, call.signal);

  readonly Acknowledge = async (call: ServiceCall, request: AcknowledgeRequest): Promise<Nothing> => {
    await this.streams.acknowledge(call.caller, request.seqs);
    return {};
  };

  readonly SetAside = async (call: ServiceCall, request: SetAsideRequest): Promise<Nothing> => {
    await this.deadLetters.setAside(call.caller, request.seq, request.reason, request.attempts);
    return {};
  };

  readonly ProvideSecrets = async (
    call: ServiceCall,
    request: ProvideSecretsRequest,
  ): Promise<ProvideSecretsReply> => ({
    delivered: await this.secrets.deliver(call.caller, {
      taskId: request.taskId,
      epoch: request.epoch,
      sealed: request.sealed,
      error: request.error,
    }),
  });
}

/** @throws AppError INVALID_REQUEST without an account, ACCESS_DENIED when the token speaks for another one */
export function scopeOfCall(call: ServiceCall, scope: RpcScope | null): Scope {
  if (!scope?.accountId) throw new AppError('INVALID_REQUEST', 'scope.account_id: is required');
  if (call.accountId !== scope.accountId)
    throw new AppError('ACCESS_DENIED', `the call is made for account ${call.accountId}, not for ${scope.accountId}`);
  return scopeOf({
    accountId: scope.accountId,
    orgId: scope.orgId || undefined,
    projectId: scope.projectId || undefined,
  });
}
