import type { AuditEventRecord, NotedSecurityEvent } from '@sluice/api-conventions';
import type { StepResult } from '@sluice/delegate-protocol';
import type { RouteRequest, RouteResult } from '@sluice/api-conventions';
import type { RouteClient, CallContext } from '@sluice/http';
import { AppError, backoffMs, pause, type ProjectScope, type ScopedRef } from '@sluice/kernel';
import {
  confirmRemovedProject,
  listConnectorsByFqn,
  listRemovedProjects,
  projectExistence,
  receiveAuditEvents,
  receiveSecurityEvents,
  recordEntityUses,
  reportDbStep,
  resolveDbStepInputs,
  resolveVariables,
  sealSecrets,
  type DbStepInputs,
  type ProjectExistence,
  type RemovedProject,
} from '@sluice/ng-manager-api';
import type { Reference, StoredVariableNames, StoredVariables } from '@sluice/pipeline-engine';
import type { DbCommand } from '@sluice/step-types';
import type { RunHeader } from './execution-record.js';

export interface DbStepReference {
  readonly key: string;
  readonly dbSchema: string;
  readonly dbInstance: string;
  readonly command: DbCommand;
}

export interface DbStepReport {
  readonly dbSchema: string;
  readonly dbInstance: string;
  readonly dbInstanceId?: string | undefined;
  readonly command: DbCommand;
  readonly stageExecutionId: string;
  readonly stepExecutionId: string;
  readonly isLate: boolean;
  readonly result: StepResult;
}

type Sealing = NonNullable<RouteRequest<typeof sealSecrets>['body']>;
/** A step whose connectors name the secrets. */
export type SealedStep = Sealing['steps'][number];
/** Who asked for secrets, and for which. */
export type SealingLease = Omit<Sealing, 'orgId' | 'projectId' | 'steps'>;

/** For whom something is asked. */
export type OnBehalf = Pick<RunHeader, 'scope' | 'caller' | 'correlationId' | 'traceparent'>;

type Uses = NonNullable<RouteRequest<typeof recordEntityUses>['body']>;
export type RecordedUses = RouteResult<typeof recordEntityUses>;

/** How long a call that nobody else can make up for is repeated. */
interface Patience {
  readonly forMs: number;
  /** Asked before each repetition: nobody needs the answer any more. */
  readonly isPointless?: () => Promise<boolean>;
}

const DELIVERY_MS = 10_000;
/** Who the service is when it hands over what it recorded: itself. */
export const OWN_CONTEXT: CallContext = {
  accountId: '',
  principal: { type: 'service', id: 'pipeline', name: 'pipeline' },
  grants: [],
  correlationId: 'audit',
  traceparent: undefined,
};

/** NG manager, as pipeline uses it: always on behalf of the user who asks or who started the run. */
export class NgManager {
  private readonly closing = new AbortController();

  constructor(
    private readonly client: RouteClient,
    private readonly reportTimeoutMs: number,
  ) {}

  /** Whether the project and its organization are there now. @throws AppError UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT */
  projectExistence(ctx: CallContext, { orgId, projectId }: ProjectScope): Promise<ProjectExistence> {
    return this.client.call(ctx, projectExistence, { query: { orgId, projectId } });
  }

  /** Values of the variables a pipeline names; those there are not are absent. @throws AppError UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT */
  variables(
    ctx: CallContext,
    { orgId, projectId }: ProjectScope,
    names: StoredVariableNames,
  ): Promise<StoredVariables> {
    return this.client.call(ctx, resolveVariables, { body: { orgId, projectId, ...names } }, { idempotent: true });
  }

  /**
   * @param patience how long it is repeated while NG manager is away or slow; once only when absent
   * @throws AppError RESOURCE_NOT_FOUND, INVALID_IDENTIFIER_REF naming what is missing; UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT
   */
  async stepInputs(
    run: OnBehalf,
    traceparent: string | undefined,
    steps: readonly DbStepReference[],
    patience: Patience = { forMs: 0 },
  ): Promise<Readonly<Record<string, DbStepInputs>>> {
    const { orgId, projectId } = run.scope;
    const ask = () =>
      this.client.call(
        contextOf(run, traceparent),
        resolveDbStepInputs,
        { body: { orgId, projectId, steps: [...steps] } },
        { idempotent: true },
      );
    return (await this.patiently(ask, patience)).inputs;
  }

  /**
   * Names of connectors of any scope, undefined for one there is not. Asked as the service itself: whoever runs a pipeline uses what it names in the
   * scopes above too, without the right to look around there. @throws AppError UPSTREAM_UNAVAILABLE
   */
  async connectorNames(ctx: CallContext, refs: readonly ScopedRef[]): Promise<(ref: ScopedRef) => string | undefined> {
    if (refs.length === 0) return () => undefined;
    const asService: CallContext = {
      ...OWN_CONTEXT,
      accountId: ctx.accountId,
      grants: [{ role: 'viewer' }],
      correlationId: ctx.correlationId,
      traceparent: ctx.traceparent,
      ...(ctx.signal ? { signal: ctx.signal } : {}),
    };
    const found = await this.client.call(
      asService,
      listConnectorsByFqn,
      { query: { accountIdentifier: ctx.accountId }, body: refs.map(fullNameOf) },
      { idempotent: true },
    );
    const names = new Map(
      found.map(({ connector }) => [
        [ctx.accountId, connector.orgIdentifier, connector.projectIdentifier, connector.identifier]
          .filter((part) => typeof part === 'string')
          .join('/'),
        connector.name,
      ]),
    );
    return (ref) => names.get(fullNameOf(ref));
  }

  /** Tells what a step did; repeated while NG manager is away, up to the report timeout. @throws AppError */
  async report(run: RunHeader, traceparent: string | undefined, report: DbStepReport): Promise<void> {
    await this.patiently(() => this.reportOnce(run, traceparent, report), { forMs: this.reportTimeoutMs });
  }

  /** Repeats what is safe to repeat while NG manager is away, too busy to answer, or in trouble. @throws what the last attempt threw */
  private async patiently<T>(call: () => Promise<T>, { forMs, isPointless }: Patience): Promise<T> {
    const until = Date.now() + forMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (cause) {
        const mayPass = cause instanceof AppError && (cause.isRetryable || cause.code === 'INTERNAL');
        if (!mayPass || Date.now() >= until || (await isPointless?.())) throw cause;
        await pause(backoffMs(attempt, { baseMs: 200, maxMs: 5_000 }), this.closing.signal);
      }
    }
  }

  /** The same for a caller that does its own waiting. @throws AppError */
  async reportOnce(run: RunHeader, traceparent: string | undefined, report: DbStepReport): Promise<void> {
    const { orgId, projectId } = run.scope;
    const body = {
      orgId,
      projectId,
      pipelineIdentifier: run.plan.pipelineIdentifier,
      planExecutionId: run.planExecutionId,
      ...report,
    };
    await this.client.call(contextOf(run, traceparent), reportDbStep, { body }, { idempotent: true });
  }

  /** Secret values of the connectors of these steps, sealed to one delegate for one lease. @throws AppError SECRET_NOT_FOUND, ACCESS_DENIED */
  async sealedSecrets(
    run: RunHeader,
    traceparent: string | undefined,
    steps: readonly SealedStep[],
    lease: SealingLease,
  ): Promise<Record<string, string>> {
    const { orgId, projectId } = run.scope;
    const { sealed } = await this.client.call(
      contextOf(run, traceparent),
      sealSecrets,
      { body: { orgId, projectId, steps: [...steps], ...lease } },
      { idempotent: true },
    );
    return sealed;
  }

  /** Adds events to the audit trail; they may have been sent before. Resolves when they are committed there. @throws AppError */
  async deliverAuditEvents(events: readonly AuditEventRecord[]): Promise<void> {
    await this.client.call(
      { ...OWN_CONTEXT, signal: AbortSignal.timeout(DELIVERY_MS) },
      receiveAuditEvents,
      { body: { events: [...events] } },
      { idempotent: true },
    );
  }

  /** Adds security events; they may have been sent before. @throws AppError */
  async deliverSecurityEvents(events: readonly NotedSecurityEvent[]): Promise<void> {
    await this.client.call(
      { ...OWN_CONTEXT, signal: AbortSignal.timeout(DELIVERY_MS) },
      receiveSecurityEvents,
      { body: { events: [...events] } },
      { idempotent: true },
    );
  }

  /**
   * Tells what a document refers to, besides what was told (`add`) or instead of it (`replace`), or has it looked up (`check`).
   * @returns as the contract says: of an `add` the turn it began, of a `replace` whether it was overtaken, of a `check` what stands in the way of a run
   * @throws AppError INVALID_IDENTIFIER_REF, UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT
   */
  recordUses(
    ctx: CallContext,
    mode: Uses['mode'],
    { accountId, orgId, projectId }: ProjectScope,
    user: Uses['user'],
    uses: readonly Reference[],
    turn?: string,
  ): Promise<RecordedUses> {
    return this.client.call(
      ctx,
      recordEntityUses,
      { body: { accountId, orgId, projectId, user, mode, uses: [...uses], turn } },
      { idempotent: true },
    );
  }

  /** Removed projects with something left in pipeline, at most a hundred behind a position, oldest first. @throws AppError */
  async removedProjects(after: number, signal: AbortSignal): Promise<RemovedProject[]> {
    return (
      await this.client.call(
        { ...OWN_CONTEXT, signal: AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_MS)]) },
        listRemovedProjects,
        { query: { after } },
      )
    ).projects;
  }

  /** Says that nothing is left of a removed project. @throws AppError */
  async confirmRemovedProject(position: number, signal: AbortSignal): Promise<void> {
    await this.client.call(
      { ...OWN_CONTEXT, signal: AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_MS)]) },
      confirmRemovedProject,
      { body: { position } },
      { idempotent: true },
    );
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('the pipeline service is stopping'));
    await this.client.close();
  }
}

/** `account/identifier`, `account/org/identifier` or `account/org/project/identifier`. */
function fullNameOf({ scope, identifier }: ScopedRef): string {
  return [
    scope.accountId,
    ...(scope.level === 'account' ? [] : [scope.orgId]),
    ...(scope.level === 'project' ? [scope.projectId] : []),
    identifier,
  ].join('/');
}

function contextOf(run: OnBehalf, traceparent: string | undefined): CallContext {
  return { ...run.caller, correlationId: run.correlationId, traceparent: traceparent ?? run.traceparent };
}
