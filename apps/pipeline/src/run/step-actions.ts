import type { StepResult, StepWork } from '@sluice/delegate-protocol';
import { AppError, messageOf } from '@sluice/kernel';
import {
  isFinal,
  parseFitted,
  resolveOutputs,
  type NodeFailure,
  type PlanNode,
  type Status,
} from '@sluice/pipeline-engine';
import type { StepTypeRegistry } from '@sluice/step-types';
import type { NodeChange, RunHeader, TaskRow } from './execution-record.js';
import type { Grant } from './instance-lock.js';
import { podIdOf } from './identifiers.js';
import { REPORT_GRACE_MS, stepTypeOf, unusedNotes } from './pod-actions.js';
import { failureOf, outputsOf, type RunActions } from './run-actions.js';
import { RUN_MARGIN_MS, taskIdOf, type PodStep } from './task.js';
import { endingOf, type NodeEnding, type Stop, type TaskEnd } from './task-end.js';

/** The pod a step runs in. */
export interface OpenPod {
  readonly groupId: string;
  readonly initTaskId: string;
  readonly delegateId: string;
}

export type BegunStep =
  | { readonly kind: 'submitted'; readonly taskId: string; readonly deadline: number }
  | { readonly kind: 'queued'; readonly taskId: string }
  | { readonly kind: 'failed'; readonly failure: NodeFailure }
  | { readonly kind: 'interrupted' };

export interface EndedStep {
  readonly status: Status;
  readonly failureType: string;
}

const HELD_NOTE =
  ' It is asked again; until the step is known to be over, no other run gets its database instance. At the latest it is over when the lease of its delegate and the fence have ended: the lease is not renewed after the time limit of the step.';

interface Prepared {
  readonly work: StepWork;
  readonly podStep: PodStep;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Bodies of the durable steps around one execute-step task. */
export class StepActions {
  constructor(
    private readonly actions: RunActions,
    private readonly types: StepTypeRegistry,
  ) {}

  /** Resolves the spec, takes a place in the instance's queue and, when it is the step's turn at once, submits it. */
  async begin(
    run: RunHeader,
    node: PlanNode,
    pod: OpenPod,
    workflowId: string,
    changes: readonly NodeChange[],
    decision: string,
  ): Promise<BegunStep> {
    return this.actions.span(run, `step ${node.identifier}`, async (traceparent) => {
      const taskId = taskIdOf(run.planExecutionId, node.id, 'step');
      const at = Date.now();
      const prepared = await this.prepare(run, node, pod).catch((cause: unknown) => failureOf(cause));
      if (!('work' in prepared)) {
        await this.actions.flush(run, [
          ...changes,
          { nodeId: node.id, event: { kind: 'ended', at, status: 'Failed', failure: prepared } },
        ]);
        return { kind: 'failed', failure: prepared };
      }
      const started: NodeChange = {
        nodeId: node.id,
        event: { kind: 'started', at, decision, taskId, parameters: prepared.parameters },
      };
      const place = await this.actions.write(async ({ record, locks }) => {
        if (await record.isInterrupted(run.planExecutionId)) {
          await record.apply(run.planExecutionId, changes);
          return 'interrupted';
        }
        await record.apply(run.planExecutionId, [...changes, started, ...unusedNotes(node)]);
        const { dbSchema, dbInstance } = prepared.podStep;
        const isGranted = await locks.acquire(
          { scope: run.scope, dbSchema, dbInstance, holder: taskId, planExecutionId: run.planExecutionId, workflowId },
          at,
        );
        await record.apply(run.planExecutionId, [
          { nodeId: node.id, event: { kind: isGranted ? 'resourceGranted' : 'waitsForResource', at } },
        ]);
        if (isGranted) await record.addTask(this.taskRow(run, node, prepared, taskId, workflowId), at);
        return isGranted ? 'granted' : 'queued';
      });
      if (place === 'interrupted') return this.interrupted(run, node, taskId);
      if (place === 'queued') {
        await this.actions.record.show(run.planExecutionId, 'ResourceWaiting');
        return { kind: 'queued', taskId };
      }
      return this.submit(run, node, pod, prepared, taskId, traceparent);
    });
  }

  /** After the wait for the instance: the same submission. */
  async beginGranted(run: RunHeader, node: PlanNode, pod: OpenPod, workflowId: string): Promise<BegunStep> {
    return this.actions.span(run, `step ${node.identifier}`, async (traceparent) => {
      const taskId = taskIdOf(run.planExecutionId, node.id, 'step');
      const at = Date.now();
      const prepared = await this.prepare(run, node, pod);
      const isInterrupted = await this.actions.write(async ({ record }) => {
        if (await record.isInterrupted(run.planExecutionId)) return true;
        await record.apply(run.planExecutionId, [{ nodeId: node.id, event: { kind: 'resourceGranted', at } }]);
        await record.addTask(this.taskRow(run, node, prepared, taskId, workflowId), at);
        return false;
      });
      if (isInterrupted) return this.interrupted(run, node, taskId);
      await this.actions.record.show(run.planExecutionId, 'Running');
      return this.submit(run, node, pod, prepared, taskId, traceparent);
    });
  }

  /**
   * Ends a step: tells NG manager what was done to the database, then writes the node, frees the instance and, in the same transaction,
   * whatever else has changed. A change that could not be recorded makes the step fail and says so.
   * @param ignoreFailure a failure strategy says so: the step shows as IgnoreFailed
   */
  async end(
    run: RunHeader,
    node: PlanNode,
    taskId: string,
    end: TaskEnd,
    how: { readonly stop: Stop | null; readonly isUnconfirmed: boolean; readonly ignoreFailure: boolean },
  ): Promise<EndedStep> {
    return this.actions.span(run, `end of step ${node.identifier}`, async (traceparent) => {
      const task = await this.actions.record.task(taskId);
      const result = task?.report?.result?.kind === 'step' ? task.report.result.step : undefined;
      const known = (await this.actions.record.states(run.planExecutionId, [node.id]))[node.id];
      if (known && isFinal(known.status))
        return { status: known.status, failureType: known.failure?.failureType ?? 'Unknown' };
      const recorded = task && result ? await this.report(run, node, task, result, traceparent) : undefined;
      const ending = withRecording(endingOf(end, how.stop), recorded);
      // The step may have changed the database, and nobody can say what: until its history is read again, the state of the instance is not known.
      const startedAt = known?.startedAt ?? Date.now();
      if (task && !result && mayHaveRun(end))
        await this.report(
          run,
          node,
          task,
          lostResult({ startedAt, endedAt: Date.now() }, ending.failure?.message ?? 'the result of the step was lost'),
          traceparent,
        );
      const status: Status = ending.status === 'Failed' && how.ignoreFailure ? 'IgnoreFailed' : ending.status;
      const outputs = result ? stepTypeOf(this.types, node).toOutputs(result) : undefined;
      const isHeld = (await this.actions.record.stopWantedAt(taskId)) !== undefined;
      const note =
        how.isUnconfirmed || isHeld
          ? `The delegate did not confirm within the time limit that the step stopped; its statement may still be running in the database.${isHeld ? HELD_NOTE : ''}`
          : undefined;
      const next = await this.close(run, node, taskId, {
        kind: 'ended',
        at: Date.now(),
        status: status as NodeEnding['status'] | 'IgnoreFailed',
        failure: ending.failure,
        outputs,
        note,
      });
      await this.actions.tell(next);
      return { status, failureType: ending.failure?.failureType ?? 'Unknown' };
    });
  }

  /** A step that never got its turn: it leaves the queue. */
  async leave(
    run: RunHeader,
    node: PlanNode,
    taskId: string,
    status: 'Aborted' | 'Expired',
    failure: NodeFailure | null,
  ): Promise<void> {
    await this.actions.tell(await this.close(run, node, taskId, { kind: 'ended', at: Date.now(), status, failure }));
  }

  private async interrupted(run: RunHeader, node: PlanNode, taskId: string): Promise<BegunStep> {
    if (await this.actions.isUnderWay(run, taskId)) return { kind: 'submitted', taskId, deadline: this.deadline(node) };
    const state = (await this.actions.record.states(run.planExecutionId, [node.id]))[node.id];
    const event: NodeChange['event'] =
      state?.startedAt == null ? { kind: 'stopping' } : { kind: 'ended', at: Date.now(), status: 'Aborted' };
    await this.actions.tell(await this.close(run, node, taskId, event));
    return { kind: 'interrupted' };
  }

  private deadline(node: PlanNode): number {
    return (
      Date.now() + this.actions.services.config.taskQueueTimeoutMs + stepTimeout(node) + RUN_MARGIN_MS + REPORT_GRACE_MS
    );
  }

  private close(
    run: RunHeader,
    node: PlanNode,
    taskId: string,
    event: NodeChange['event'],
  ): Promise<Grant | undefined> {
    return this.actions.write(async ({ record, locks }) => {
      await record.apply(run.planExecutionId, [{ nodeId: node.id, event }]);
      await record.dropReport(taskId);
      return locks.release(taskId, Date.now());
    });
  }

  private async report(
    run: RunHeader,
    node: PlanNode,
    task: TaskRow,
    result: StepResult,
    traceparent: string,
  ): Promise<NodeFailure | 'recorded'> {
    if (task.context.kind !== 'execute-step') return 'recorded';
    const { dbSchema, dbInstance, dbInstanceId, command, stageId } = task.context;
    try {
      await this.actions.services.ngManager.report(run, traceparent, {
        dbSchema,
        dbInstance,
        dbInstanceId,
        command,
        stageExecutionId: stageId,
        stepExecutionId: node.id,
        isLate: false,
        result,
      });
      return 'recorded';
    } catch (cause) {
      this.actions.services.log.error(
        { planExecutionId: run.planExecutionId, nodeId: node.id, error: messageOf(cause) },
        'a step report was not taken',
      );
      // Refused for good because of what is in it: that the state is not known any more can still be told.
      if (
        cause instanceof AppError &&
        !cause.isRetryable &&
        (result.history !== null || result.packedHistory !== undefined)
      )
        await this.report(run, node, task, lostResult(result, messageOf(cause)), traceparent);
      return {
        message: `the step ${result.status} in the database, but Sluice could not record it: ${messageOf(cause)}; run the step again, what is applied already is skipped`,
        failureType: 'Unknown',
      };
    }
  }

  private async prepare(run: RunHeader, node: PlanNode, pod: OpenPod): Promise<Prepared> {
    const [states, initTask] = await Promise.all([
      this.actions.record.states(run.planExecutionId),
      this.actions.record.task(pod.initTaskId),
    ]);
    const { value, unresolved } = resolveOutputs(run.plan, node.id, node.step?.spec ?? {}, (fqn) =>
      outputsOf(run, states, fqn),
    );
    const [first] = unresolved;
    if (first) throw new AppError('PLAN_CREATION_ERROR', `${first.expression} has no value: ${first.reason}`);
    const type = stepTypeOf(this.types, node);
    const spec = parseFitted(type.spec, value);
    if (!spec.success)
      throw new AppError(
        'SCHEMA_VALIDATION_FAILED',
        spec.error.issues.map((issue) => `spec.${issue.path.join('.')}: ${issue.message}`).join('; '),
      );
    const podStep = initTask?.context.kind === 'initialise-pod' ? initTask.context.steps[node.id] : undefined;
    if (!podStep) throw new AppError('INTERNAL', `the pod of step "${node.identifier}" was made without it`);
    return {
      work: type.toWork(spec.data, podStep.inputs, podStep.source),
      podStep,
      parameters: spec.data as Readonly<Record<string, unknown>>,
    };
  }

  private taskRow(
    run: RunHeader,
    node: PlanNode,
    { podStep }: Prepared,
    taskId: string,
    workflowId: string,
  ): Parameters<RunActions['record']['addTask']>[0] {
    return {
      taskId,
      planExecutionId: run.planExecutionId,
      nodeId: node.id,
      workflowId,
      kind: 'execute-step',
      context: {
        kind: 'execute-step',
        podId: podIdOf(node.podGroupId ?? ''),
        stageId: node.stageId ?? '',
        dbSchema: podStep.dbSchema,
        dbInstance: podStep.dbInstance,
        dbInstanceId: podStep.inputs.instance.id,
        command: stepTypeOf(this.types, node).command,
        runTimeoutMs: stepTimeout(node),
      },
    };
  }

  private async submit(
    run: RunHeader,
    node: PlanNode,
    pod: OpenPod,
    prepared: Prepared,
    taskId: string,
    traceparent: string,
  ): Promise<BegunStep> {
    const { config, tasks } = this.actions.services;
    const timeoutMs = stepTimeout(node);
    try {
      await tasks.submit(this.actions.callerOf(run, traceparent), {
        taskId,
        scope: run.scope,
        payload: {
          kind: 'execute-step',
          podId: podIdOf(pod.groupId),
          stepExecutionId: node.id,
          logKey: this.actions.keyOf(run, node.logPath),
          timeoutMs,
          work: prepared.work,
        },
        selectors: [],
        boundDelegateId: pod.delegateId,
        queueTimeoutMs: config.taskQueueTimeoutMs,
        runTimeoutMs: timeoutMs + RUN_MARGIN_MS,
        description: `${stepTypeOf(this.types, node).title}: step "${node.name}" of pipeline "${run.plan.name}"`,
      });
    } catch (cause) {
      const failure = failureOf(cause);
      await this.actions.abandonUnsubmitted(taskId, cause);
      const isHeld = (await this.actions.record.stopWantedAt(taskId)) !== undefined;
      const note = isHeld ? `The delegate service did not say whether it has the step.${HELD_NOTE}` : undefined;
      await this.actions.tell(
        await this.close(run, node, taskId, { kind: 'ended', at: Date.now(), status: 'Failed', failure, note }),
      );
      return { kind: 'failed', failure };
    }
    return { kind: 'submitted', taskId, deadline: this.deadline(node) };
  }
}

function stepTimeout(node: PlanNode): number {
  return node.timeoutMs ?? 600_000;
}

/** What is reported of a step of which nothing is known. */
function lostResult({ startedAt, endedAt }: Pick<StepResult, 'startedAt' | 'endedAt'>, message: string): StepResult {
  return {
    status: 'failed',
    error: { message, failureType: 'Unknown' },
    changesets: [],
    history: null,
    pending: null,
    outputs: {},
    startedAt,
    endedAt,
  };
}

/** Whether a delegate had the task. Without one, nothing was sent to the database. */
function mayHaveRun({ outcome }: TaskEnd): boolean {
  return outcome !== 'notAcquired' && outcome !== 'aborted';
}

function withRecording(ending: NodeEnding, recorded: NodeFailure | 'recorded' | undefined): NodeEnding {
  if (recorded === undefined || recorded === 'recorded') return ending;
  return {
    status: ending.status === 'Success' ? 'Failed' : ending.status,
    failure: ending.failure
      ? { ...ending.failure, message: `${ending.failure.message}; ${recorded.message}` }
      : recorded,
  };
}
