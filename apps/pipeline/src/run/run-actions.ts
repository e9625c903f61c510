import { logKey } from '@sluice/log-api';
import { AppError, messageOf, type ProjectScope } from '@sluice/kernel';
import { failureKindOf } from '@sluice/task-events';
import type { AuditTrail, AuditedChange } from '../audit/audit-trail.js';
import {
  decideRun,
  firstFailure,
  isFinal,
  outputLookup,
  subtree,
  type NodeFailure,
  type PlanNode,
  type RunDecision,
  type EndStatus,
  type Surroundings,
} from '@sluice/pipeline-engine';
import type { Logger, Tracing } from '@sluice/telemetry';
import type { DataSource } from 'typeorm';
import type { PipelineConfig } from '../config.js';
import type { DelegateTasks, TaskCaller } from './delegate-tasks.js';
import { ExecutionRecord, type NodeChange, type RunHeader, type Stopping } from './execution-record.js';
import { InstanceLocks, type Grant } from './instance-lock.js';
import type { Messages } from './messages.js';
import type { NgManager } from './ng-manager.js';
import { PodCleanups } from './pod-cleanups.js';
import { taskIdOf } from './task.js';
import { TaskStops } from './task-stops.js';

export interface RunServices {
  readonly config: PipelineConfig;
  readonly dataSource: DataSource;
  readonly audit: AuditTrail;
  readonly tasks: DelegateTasks;
  readonly ngManager: NgManager;
  readonly messages: Messages;
  readonly tracing: Tracing;
  readonly log: Logger;
  /** A log token for a pod: may write below the prefix, nothing else. */
  readonly logToken: (scope: ProjectScope, keyPrefix: string, ttlSeconds: number) => Promise<string>;
}

/**
 * One transaction's view of an execution. Rows are locked in one order: the execution, its nodes, its tasks, the queues of instances. Two transactions that
 * take them in different orders could wait for each other. The row of a task that is added may come after the queue: no other transaction has it yet.
 */
export interface Writes {
  readonly record: ExecutionRecord;
  readonly locks: InstanceLocks;
  /** Tells the audit trail, with the change. */
  readonly tell: AuditedChange['record'];
}

const KEPT_HEADERS = 200;
/** Calls to the delegate service at the same moment, when many tasks are stopped. */
const STOPS_AT_ONCE = 20;

/** What the bodies of durable steps share: transactions, traces, log keys. Each may run twice; none may have an effect twice. */
export class RunActions {
  readonly cleanups = new PodCleanups(this);
  readonly stops = new TaskStops(this);
  private readonly headers = new Map<string, RunHeader>();

  constructor(readonly services: RunServices) {}

  /** The header of an execution; it never changes, so the last few are kept. @returns undefined for an execution there is not */
  async header(planExecutionId: string): Promise<RunHeader | undefined> {
    const known = this.headers.get(planExecutionId);
    if (known) return known;
    const header = await this.record.header(planExecutionId);
    if (!header) return undefined;
    const [oldest] = this.headers.keys();
    if (this.headers.size >= KEPT_HEADERS && oldest !== undefined) this.headers.delete(oldest);
    this.headers.set(planExecutionId, header);
    return header;
  }

  get record(): ExecutionRecord {
    return new ExecutionRecord(this.services.dataSource.manager);
  }

  write<T>(work: (writes: Writes) => Promise<T>): Promise<T> {
    return this.services.audit.run(({ manager, record }) =>
      work({ record: new ExecutionRecord(manager), locks: new InstanceLocks(manager), tell: record }),
    );
  }

  /** Runs one durable step's body in a span of the execution's trace. */
  span<T>(run: RunHeader, name: string, work: (traceparent: string) => Promise<T>): Promise<T> {
    return this.services.tracing.run(
      name,
      { kind: 'internal', parent: run.traceparent, attributes: { 'sluice.execution': run.planExecutionId } },
      (span) => work(span.traceparent),
    );
  }

  callerOf(run: RunHeader, traceparent: string | undefined): TaskCaller {
    return { ...run.caller, traceparent };
  }

  keyOf(run: RunHeader, path: readonly string[]): string {
    return logKey({
      accountId: run.scope.accountId,
      pipelineId: run.plan.pipelineIdentifier,
      runSequence: run.runSequence,
      planExecutionId: run.planExecutionId,
      path,
    });
  }

  /** Writes pending changes. @returns whether somebody interrupted the execution */
  async flush(run: RunHeader, changes: readonly NodeChange[]): Promise<{ readonly isInterrupted: boolean }> {
    return this.write(async ({ record }) => {
      const isInterrupted = await record.isInterrupted(run.planExecutionId);
      await record.apply(run.planExecutionId, changes);
      return { isInterrupted };
    });
  }

  /** Decides about a node whose condition may name outputs. */
  async decide(run: RunHeader, node: PlanNode, surroundings: Surroundings): Promise<RunDecision> {
    const states = await this.record.states(run.planExecutionId);
    return decideRun(
      node,
      surroundings,
      outputLookup(run.plan, node.id, (fqn) => outputsOf(run, states, fqn)),
    );
  }

  /** Asks the delegate to stop a task and shows it. @returns until when to wait for that */
  async stopTask(run: RunHeader, nodeId: string, taskId: string): Promise<{ readonly waitUntil: number }> {
    await this.write(async ({ record }) => {
      await record.apply(run.planExecutionId, [{ nodeId, event: { kind: 'stopping' } }]);
      await record.wantStop(taskId, Date.now());
    });
    await this.write(({ record }) => record.show(run.planExecutionId, 'Discontinuing'));
    return this.stops.ask(run, taskId);
  }

  /**
   * An interrupt came before this step's begin was on record; a first try of it, cut off by a crash, may have submitted the task already.
   * @returns true when it had: the delegate has been asked to stop it, and its end is still to come
   */
  async isUnderWay(run: RunHeader, taskId: string): Promise<boolean> {
    const task = await this.record.task(taskId);
    if (!task || task.status === 'abandoned') return false;
    const answer = await this.services.tasks.abort(this.callerOf(run, run.traceparent), taskId);
    if (answer === 'assigned' || answer === 'ended') return true;
    await this.write(async ({ record }) => {
      const at = Date.now();
      if ((await record.abandonTask(taskId, at)) && answer === 'unknown') await record.wantStop(taskId, at);
    });
    return false;
  }

  /**
   * The run does not wait for the task any more, and asks for its stop, again if it did before. One that is not over by now keeps its instance.
   * @returns `isAbandoned: false` when its end has been stored after all: its message will be there before `waitUntil`
   */
  async giveUp(run: RunHeader, taskId: string): Promise<{ readonly isAbandoned: boolean; readonly waitUntil: number }> {
    const isAbandoned = await this.write(async ({ record }) => {
      const at = Date.now();
      if (!(await record.abandonTask(taskId, at)) && (await record.task(taskId))?.status !== 'abandoned') return false;
      await record.wantStop(taskId, at);
      return true;
    });
    if (isAbandoned) await this.stops.ask(run, taskId, 0);
    return { isAbandoned, waitUntil: Date.now() + 10_000 };
  }

  /** The submission of a task failed. Unless it was refused for certain, the delegate service may have it all the same: then it is stopped. */
  async abandonUnsubmitted(taskId: string, cause: unknown): Promise<void> {
    const at = Date.now();
    await this.write(async ({ record }) => {
      if ((await record.abandonTask(taskId, at)) && failureKindOf(cause) !== 'final') await record.wantStop(taskId, at);
    });
  }

  /** Tells the holder that the instance is its. One whose workflow is gone gives its place to the next: it will never hear of it, and others wait. */
  async tell(grant: Grant | undefined): Promise<void> {
    for (let next = grant; next;) {
      const { holder, workflowId } = next;
      try {
        await this.services.messages.send(workflowId, { kind: 'lockGranted', holder }, `lock:${holder}`);
        await this.write(({ locks }) => locks.markTold([holder]));
        return;
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
        this.services.log.warn(
          { holder, workflowId },
          'a database instance was held for a workflow that is gone; the next in the queue gets it',
        );
        next = await this.write(({ locks }) => locks.release(holder, Date.now()));
      }
    }
  }

  /** An unforeseen error: all that is under way below a node ends as Errored, its tasks are stopped, and each instance is freed once nothing works on it any more. */
  async fail(run: RunHeader, nodeId: string, failure: NodeFailure): Promise<void> {
    this.services.log.error({ planExecutionId: run.planExecutionId, nodeId, error: failure.message }, 'a run broke');
    const nodes = subtree(run.plan, nodeId);
    const at = Date.now();
    const nodeIds = nodes.map((node) => node.id);
    const { grants, stopping } = await this.write(async ({ record, locks }) => {
      const states = await record.states(run.planExecutionId, nodeIds);
      const open = nodes.filter(
        (node) => states[node.id]?.startedAt != null && !isFinal(states[node.id]?.status ?? 'NotStarted'),
      );
      await record.apply(
        run.planExecutionId,
        open.map((node) => ({
          nodeId: node.id,
          event: {
            kind: 'ended' as const,
            at,
            status: 'Errored' as const,
            failure: node.id === nodeId ? failure : null,
          },
        })),
      );
      const stopping = await record.stopBelow(run.planExecutionId, nodeIds, at);
      return {
        grants: await locks.releaseAll(
          nodeIds.map((id) => taskIdOf(run.planExecutionId, id, 'step')),
          at,
        ),
        stopping,
      };
    });
    for (const grant of grants) await this.tell(grant);
    await this.stopAll(run, stopping);
  }

  /** Nothing of this goes on: what waits is woken (a workflow that is gone waits for nothing), then delegates are asked, together, because one call may take its whole time limit. */
  private async stopAll(run: RunHeader, { workflowIds, taskIds }: Stopping): Promise<void> {
    for (const workflowId of workflowIds) {
      await this.services.messages
        .send(workflowId, { kind: 'abort' }, `abort:${run.planExecutionId}`)
        .catch((cause: unknown) => {
          if (!isMissing(cause)) throw cause;
        });
    }
    for (let asked = 0; asked < taskIds.length; asked += STOPS_AT_ONCE)
      await Promise.all(taskIds.slice(asked, asked + STOPS_AT_ONCE).map((taskId) => this.stops.ask(run, taskId, 0)));
  }

  /** The last word about an execution. Nothing of it goes on: what is under way all the same, because a stage broke beside it, is stopped. @param reason instead of the first failure of its nodes */
  async finish(run: RunHeader, status: EndStatus, reason?: string): Promise<void> {
    const at = Date.now();
    const stages = Object.values(run.plan.nodes).find((node) => node.kind === 'stages');
    const stopping = await this.write(async ({ record, tell }) => {
      const states = await record.states(run.planExecutionId);
      const message =
        reason ??
        firstFailure(run.plan, states)?.message ??
        (status === 'Aborted'
          ? 'the execution was aborted'
          : status === 'Expired'
            ? 'the execution did not end within its timeout'
            : null);
      const failure = status === 'Success' || status === 'IgnoreFailed' ? null : message;
      if (!(await record.end(run.planExecutionId, status, at, failure))) return undefined;
      await record.apply(
        run.planExecutionId,
        [...(stages ? [stages.id] : []), run.plan.rootId].map((nodeId) => ({
          nodeId,
          event: { kind: 'ended' as const, at, status },
        })),
      );
      const { scope, plan, caller, correlationId } = run;
      const details = { pipelineIdentifier: plan.pipelineIdentifier, runSequence: run.runSequence, status, failure };
      await tell(
        { principal: caller.principal, origin: caller.origin, correlationId },
        {
          action: 'end',
          resourceType: 'pipelineExecution',
          identifier: run.planExecutionId,
          name: plan.name,
          scope,
          at,
          details,
        },
      );
      // A step that began while its stage broke has committed by now: both lock the execution.
      return record.stopBelow(run.planExecutionId, Object.keys(plan.nodes), at);
    });
    if (!stopping) return;
    this.services.log.info({ planExecutionId: run.planExecutionId, status }, 'execution ended');
    await this.stopAll(run, stopping);
  }
}

export function outputsOf(
  run: RunHeader,
  states: Readonly<
    Record<string, { readonly endedAt: number | null; readonly outputs: Readonly<Record<string, unknown>> }>
  >,
  fqn: string,
): Readonly<Record<string, unknown>> | undefined {
  const node = Object.values(run.plan.nodes).find((one) => one.baseFqn === fqn && one.kind === 'step');
  const state = node && states[node.id];
  return state?.endedAt != null ? state.outputs : undefined;
}

/** Whether what was to be told or changed is not there any more. */
export function isMissing(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'ENTITY_NOT_FOUND';
}

/** A failure as a node shows it, from anything thrown. */
export function failureOf(cause: unknown): NodeFailure {
  const failureType = cause instanceof AppError ? FAILURE_TYPES[cause.code] : undefined;
  return { message: messageOf(cause), failureType: failureType ?? 'Unknown' };
}

const FAILURE_TYPES: Readonly<Partial<Record<AppError['code'], string>>> = {
  UNAVAILABLE_DELEGATES: 'DelegateProvisioning',
  UPSTREAM_UNAVAILABLE: 'Connectivity',
  REQUEST_TIMEOUT: 'Timeout',
  ACCESS_DENIED: 'Authorization',
  INVALID_TOKEN: 'Authentication',
};
