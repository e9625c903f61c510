import { parseDelegateToken, taskPayload, type TaskPayload, type TaskResult } from '@sluice/delegate-protocol';
import {
  DELEGATE_ADMIN_SERVICE,
  DELEGATE_TASKS_SERVICE,
  type DeadLetterRecord,
  type DelegateAdminMethods,
  type DelegateRecord,
  type DelegateTasksMethods,
  type RpcScope,
  type SubmitRequest,
  type TaskEvent,
  type TokenRecord,
} from '@sluice/delegate-rpc';
import { ServiceServer } from '@sluice/grpc';
import { AppError, newId } from '@sluice/kernel';
import { generateSealingKeyPair, open, sealingContext } from '@sluice/sealed-secrets';
import { Tracing, createLogger } from '@sluice/telemetry';
import type { TestIdentities } from '@sluice/testing';

/** What a delegate would do with a task (`unreadable`: answer with half a JSON text); `secrets` holds the opened values by expression. */
type DelegateBehaviour = (
  payload: TaskPayload,
  secrets: Readonly<Record<string, string>>,
) => TaskResult | 'nobody' | 'never' | 'unreadable';

/** The delegate service's gRPC contract with one obedient delegate behind it. Tokens and sealing are real. */
export interface DelegateServiceDouble {
  readonly address: string;
  readonly submitted: SubmitRequest[];
  readonly tokens: TokenRecord[];
  delegates: DelegateRecord[];
  behaviour: DelegateBehaviour;
  /** Where the token of its delegate was made; the account of the task when absent. */
  delegateScope: RpcScope | undefined;
  /** Errors answered instead of sealed values, by task. */
  readonly sealingErrors: string[];
  /** Why events could not be handled. */
  readonly deadLetters: string[];
  /** Dead letters it keeps, newest first. */
  readonly letters: DeadLetterRecord[];
  /** JSON of security events it hands over until they are acknowledged, by id. */
  readonly securityEvents: Map<string, string>;
  close(): Promise<void>;
}

export async function startDelegateServiceDouble(identities: TestIdentities): Promise<DelegateServiceDouble> {
  const keyPair = await generateSealingKeyPair();
  const queue: TaskEvent[] = [];
  const waiting = new Set<() => void>();
  const payloads = new Map<string, TaskPayload>();
  let seq = 0;
  const state: Omit<DelegateServiceDouble, 'address' | 'close'> = {
    submitted: [],
    tokens: [],
    delegates: [],
    behaviour: () => 'never',
    delegateScope: undefined,
    sealingErrors: [],
    deadLetters: [],
    letters: [],
    securityEvents: new Map(),
  };
  const publish = (event: Omit<TaskEvent, 'seq' | 'traceparent'>): void => {
    queue.push({ ...event, seq: (seq += 1), traceparent: '' });
    for (const wake of waiting) wake();
  };
  const end = (taskId: string, scope: TaskEvent['scope'], secrets: Record<string, string>): void => {
    const payload = payloads.get(taskId);
    const result = payload ? state.behaviour(payload, secrets) : 'never';
    if (result === 'never') return;
    const ended = {
      outcome: 'completed' as const,
      resultJson: result === 'unreadable' ? '{"kind":' : JSON.stringify(result),
      reason: '',
      delegateId: 'd1',
      delegateName: 'one',
    };
    publish({ taskId, scope, event: 'ended', ended });
  };
  const fail = (taskId: string, scope: TaskEvent['scope'], message: string): void => {
    const result = {
      kind: payloads.get(taskId)?.kind,
      outcome: { status: 'failed', error: { message, failureType: 'Unknown' } },
    };
    publish({
      taskId,
      scope,
      event: 'ended',
      ended: {
        outcome: 'completed',
        resultJson: JSON.stringify(result),
        reason: '',
        delegateId: 'd1',
        delegateName: 'one',
      },
    });
  };
  const scopes = new Map<string, TaskEvent['scope']>();
  const server = new ServiceServer({
    identity: await identities.of('delegate-service'),
    tracing: Tracing.create('delegate-service'),
    log: createLogger('delegate-service', 'silent'),
  });
  server.add<DelegateTasksMethods>(DELEGATE_TASKS_SERVICE, ['ng-manager'], {
    Submit: async (_call, request) => {
      const payload = taskPayload.parse(JSON.parse(request.payloadJson));
      if (state.behaviour(payload, {}) === 'nobody')
        throw new AppError('UNAVAILABLE_DELEGATES', 'no delegate is connected to this account');
      state.submitted.push(request);
      payloads.set(request.taskId, payload);
      scopes.set(request.taskId, request.scope);
      const expressions =
        JSON.stringify(payload)
          .match(/<\+secrets\.getValue\(\\"[^"]+\\"\)>/g)
          ?.map((text) => text.replaceAll('\\"', '"')) ?? [];
      if (expressions.length > 0)
        publish({
          taskId: request.taskId,
          scope: request.scope,
          event: 'secretsWanted',
          delegateScope: state.delegateScope ?? { accountId: request.scope.accountId, orgId: '', projectId: '' },
          secretsWanted: { delegateId: 'd1', epoch: 1, publicKey: keyPair.publicKey, expressions },
        });
      else end(request.taskId, request.scope, {});
      return { alreadyKnown: false };
    },
    Abort: async () => ({ state: 'ENDED' }),
    LeaseTimes: async () => ({ leaseMs: 30_000, fenceMs: 15_000 }),
    Events: async function* (call) {
      let wake = (): void => undefined;
      const woken = (): void => wake();
      waiting.add(woken);
      call.signal.addEventListener('abort', woken, { once: true });
      while (!call.signal.aborted) {
        const next = queue.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      waiting.delete(woken);
    },
    Acknowledge: async () => ({}),
    SetAside: async (_call, { reason }) => {
      state.deadLetters.push(reason);
      return {};
    },
    ProvideSecrets: async (_call, { taskId, epoch, sealed, error }) => {
      if (error) state.sealingErrors.push(error);
      const opened: Record<string, string> = {};
      for (const [expression, value] of Object.entries(sealed))
        opened[expression] = await open(keyPair, value, sealingContext(taskId, epoch, expression));
      const scope = scopes.get(taskId);
      if (scope && error) fail(taskId, scope, error);
      else if (scope) end(taskId, scope, opened);
      return { delivered: true };
    },
  });
  server.add<DelegateAdminMethods>(DELEGATE_ADMIN_SERVICE, ['ng-manager'], {
    PutToken: async (_call, { scope, name, value, revokeAfterMs, createdBy }) => {
      if (state.tokens.some(at(scope, name)))
        throw new AppError('DUPLICATE_FIELD', `a delegate token "${name}" exists already`);
      const record: TokenRecord = {
        id: parseDelegateToken(value)?.id ?? newId(),
        scope,
        name,
        status: 'ACTIVE',
        createdAtMs: Date.now(),
        createdBy,
        value: value || `${newId()}.${newId()}`,
        revokeAfterMs,
      };
      state.tokens.push({ ...record, value: '' });
      return record;
    },
    RevokeToken: async (_call, { scope, name }) => {
      const record = state.tokens.find(at(scope, name));
      if (!record) throw new AppError('RESOURCE_NOT_FOUND', 'no such token');
      return Object.assign(record, { status: 'REVOKED' as const });
    },
    DeleteToken: async (_call, { scope, name }) => {
      const index = state.tokens.findIndex(at(scope, name));
      return { deleted: index >= 0 && state.tokens.splice(index, 1).length === 1 };
    },
    ListTokens: async (_call, { scope, name, status }) => ({
      tokens: state.tokens.filter(
        (token) => at(scope, name || token.name)(token) && (!status || token.status === status),
      ),
    }),
    ListDelegates: async () => ({ delegates: state.delegates }),
    ListDeadLetters: async (_call, { accountId, page, size }) => {
      const letters = state.letters.filter(({ scope }) => scope.accountId === accountId);
      return { letters: letters.slice(page * size, (page + 1) * size), total: letters.length };
    },
    RedriveDeadLetter: async (_call, { accountId, id }) => {
      const index = state.letters.findIndex((letter) => letter.id === id && letter.scope.accountId === accountId);
      if (index < 0) throw new AppError('RESOURCE_NOT_FOUND', `the account has no dead letter ${id}`);
      state.letters.splice(index, 1);
      return {};
    },
    ClaimSecurityEvents: async (_call, { limit }) => ({
      eventsJson: [...state.securityEvents.values()].slice(0, limit),
      hasMore: state.securityEvents.size > limit,
    }),
    AcknowledgeSecurityEvents: async (_call, { eventIds }) => {
      for (const id of eventIds) state.securityEvents.delete(id);
      return {};
    },
  });
  const port = await server.listen('127.0.0.1', 0);
  return Object.assign(state, { address: `127.0.0.1:${port}`, close: () => server.close() });
}

/** Is it the token of this name at exactly this scope? */
function at({ accountId, orgId, projectId }: TokenRecord['scope'], name: string): (token: TokenRecord) => boolean {
  return ({ scope, name: known }) =>
    known === name && scope.accountId === accountId && scope.orgId === orgId && scope.projectId === projectId;
}
