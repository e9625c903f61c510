import {
  decideFailure,
  decideRun,
  isBroken,
  nodeOf,
  statusOfParent,
  subtree,
  type EndStatus,
  type PlanNode,
  type RunDecision,
  type Status,
} from '@sluice/pipeline-engine';
import type { DurableStep } from './durable-step.js';
import type { NodeChange, RunHeader } from './execution-record.js';
import { podIdOf } from './identifiers.js';
import type { Messages } from './messages.js';
import type { OpenedPod, PodActions } from './pod-actions.js';
import type { RunActions } from './run-actions.js';
import type { BegunStep, OpenPod, StepActions } from './step-actions.js';
import { SILENT_END, endingOf, type Stop, type TaskEnd } from './task-end.js';

/** How one branch (a stage, or one side of a fork) ended. Kept in the workflow's record. */
export interface BranchResult {
  readonly status: Status;
  readonly stop: Stop | null;
  readonly rollback: 'none' | 'stage' | 'pipeline' | null;
  /** A step was handed to a delegate: there may be something to roll back. */
  readonly hasRun: boolean;
}

export interface BranchStart {
  readonly hasFailed: boolean;
  readonly pod: OpenPod | null;
  /** Milliseconds since the epoch; nothing may run longer. */
  readonly deadline: number;
}

export interface RunParts {
  readonly actions: RunActions;
  readonly durable: DurableStep;
  readonly pods: PodActions;
  readonly steps: StepActions;
  readonly messages: Messages;
  /** Starts a workflow for one side of a fork. */
  readonly startBranch: (
    run: RunHeader,
    nodeId: string,
    start: BranchStart,
  ) => Promise<{ getResult(): Promise<BranchResult> }>;
}

interface TaskWait {
  readonly end: TaskEnd;
  /** Why the task was stopped; null when it was left alone. */
  readonly stop: Stop | null;
  readonly isUnconfirmed: boolean;
}

/**
 * Runs the nodes of one branch, one after another, inside one durable workflow. Everything that looks outside is a durable step
 * (`durable`) or a received message, so a replay takes the same path. Node changes nobody has to see at once wait in `pending` and are
 * written with the next step.
 */
export class StageRun {
  private pending: NodeChange[] = [];
  private stop: Stop | null = null;
  private rollback: BranchResult['rollback'] = null;
  private hasFailed: boolean;
  private hasRun = false;
  private deadline: number;
  /** A pod that was made here; deleted as soon as the group's end is known to be written with it. */
  private open: { readonly group: PlanNode; readonly pod: OpenPod } | null = null;

  constructor(
    private readonly parts: RunParts,
    private readonly run: RunHeader,
    private readonly workflowId: string,
    start: BranchStart,
  ) {
    this.hasFailed = start.hasFailed;
    this.deadline = start.deadline;
  }

  /** A whole stage: its steps, then its rollback steps if it failed. */
  stage(stage: PlanNode, decision: string): Promise<BranchResult> {
    return this.closing(() => this.wholeStage(stage, decision));
  }

  /** Only the rollback steps of a stage that had succeeded, because a later one asks for it. */
  rollbackOnly(stage: PlanNode): Promise<BranchResult> {
    return this.closing(async () => {
      const rollback = stage.children.map((id) => nodeOf(this.run.plan, id)).find((node) => node.kind === 'rollback');
      if (rollback) await this.rollBack(rollback);
      await this.flush();
      return { ...this.result('Success'), rollback: null };
    });
  }

  /** One side of a fork. */
  branch(node: PlanNode, pod: OpenPod | null): Promise<BranchResult> {
    return this.closing(async () => {
      const status = await this.list([node.id], pod);
      await this.flush();
      return this.result(status);
    });
  }

  private result(status: Status): BranchResult {
    return { status, stop: this.stop, rollback: this.rollback, hasRun: this.hasRun };
  }

  /** However the work ends, no pod is left behind. */
  private async closing(work: () => Promise<BranchResult>): Promise<BranchResult> {
    try {
      return await work();
    } catch (cause) {
      await this.closePod();
      throw cause;
    }
  }

  private async wholeStage(stage: PlanNode, decision: string): Promise<BranchResult> {
    const [execution, rollback] = stage.children.map((id) => nodeOf(this.run.plan, id));
    if (!execution) throw new Error(`stage ${stage.identifier} has no execution`);
    this.note(stage.id, { kind: 'started', at: 0, decision });
    this.note(execution.id, { kind: 'started', at: 0 });
    if (stage.timeoutMs !== null)
      this.deadline = Math.min(
        this.deadline,
        (await this.parts.durable('stage begins', () => Promise.resolve({ at: Date.now() }))).at + stage.timeoutMs,
      );
    const status = await this.list(execution.children, null);
    this.ended(execution.id, status);
    if (rollback && isBroken(status) && this.stop === null && this.rollback !== 'none') {
      // Rolling back "the last changeset" of a stage that changed nothing would undo an earlier deployment.
      if (this.hasRun) await this.rollBack(rollback);
      else this.skip(rollback, 'no step of the stage had run, so there is nothing to roll back');
    }
    this.ended(stage.id, status);
    await this.flush();
    return this.result(status);
  }

  private async rollBack(rollback: PlanNode): Promise<void> {
    this.note(rollback.id, { kind: 'started', at: 0 });
    this.ended(rollback.id, await this.list(rollback.children, null));
  }

  /** Nodes one after another. Returns the status of whatever holds them. */
  private async list(ids: readonly string[], pod: OpenPod | null): Promise<EndStatus> {
    const statuses: Status[] = [];
    let hasFailedHere = false;
    for (const id of ids) {
      const node = nodeOf(this.run.plan, id);
      if (node.kind === 'initialise') continue;
      if (this.stop !== null) break;
      if (pod === null) await this.closePod();
      const status = await this.node(node, hasFailedHere, pod);
      statuses.push(status);
      if (!isBroken(status)) continue;
      hasFailedHere = true;
      this.hasFailed = true;
    }
    if (this.stop === 'aborted') return 'Aborted';
    return this.stop === 'expired' ? 'Expired' : statusOfParent(statuses);
  }

  private async node(node: PlanNode, hasFailedHere: boolean, pod: OpenPod | null): Promise<Status> {
    const decision = await this.decide(node, hasFailedHere);
    if (decision.kind === 'skip') return this.skip(node, decision.reason);
    if (decision.kind === 'invalid') return this.refuse(node, decision.reason);
    switch (node.kind) {
      case 'stepGroup':
        return this.group(node, decision.reason, pod);
      case 'parallel':
        return this.fork(node, pod);
      default:
        return this.step(node, decision.reason, pod);
    }
  }

  private async decide(node: PlanNode, hasFailedHere: boolean): Promise<RunDecision> {
    const surroundings = { hasFailed: this.hasFailed, hasFailedHere };
    if (node.when?.condition?.includes('<+'))
      return this.parts.durable('decide', () => this.parts.actions.decide(this.run, node, surroundings));
    return decideRun(node, surroundings, () => ({ kind: 'keep' }));
  }

  private skip(node: PlanNode, reason: string): Status {
    for (const { id } of subtree(this.run.plan, node.id)) this.note(id, { kind: 'skipped', at: 0, decision: reason });
    return 'Skipped';
  }

  private refuse(node: PlanNode, reason: string): Status {
    this.note(node.id, {
      kind: 'ended',
      at: 0,
      status: 'Failed',
      failure: { message: reason, failureType: 'Unknown' },
    });
    return this.judge(node, 'Failed', 'Unknown');
  }

  private async group(group: PlanNode, reason: string, outer: OpenPod | null): Promise<Status> {
    this.note(group.id, { kind: 'started', at: 0, decision: reason });
    const pod = outer ?? (await this.openPod(group));
    if (pod === 'failed' || pod === 'stopped') {
      const status: EndStatus = this.stop === 'aborted' ? 'Aborted' : this.stop === 'expired' ? 'Expired' : 'Failed';
      if (this.stop === null)
        for (const id of group.children)
          if (nodeOf(this.run.plan, id).kind !== 'initialise')
            this.skip(nodeOf(this.run.plan, id), 'the pod of its step group could not be made');
      this.ended(group.id, status);
      return status;
    }
    if (outer === null) this.open = { group, pod };
    const status = await this.list(group.children, pod);
    this.ended(group.id, status);
    return status;
  }

  private async openPod(group: PlanNode): Promise<OpenPod | 'failed' | 'stopped'> {
    const initialise = group.children.map((id) => nodeOf(this.run.plan, id)).find((node) => node.kind === 'initialise');
    if (!initialise) throw new Error(`step group ${group.identifier} has no initialise node`);
    const changes = this.take();
    const opened = await this.parts.durable<OpenedPod>('open pod', () =>
      this.parts.pods.open(this.run, group, initialise, this.workflowId, stamped(changes)),
    );
    if (opened.kind === 'interrupted') {
      this.ended(initialise.id, 'Aborted');
      this.stop = 'aborted';
      return 'stopped';
    }
    if (opened.kind === 'failed') {
      this.judge(initialise, 'Failed', opened.failure.failureType);
      return 'failed';
    }
    const wait = await this.wait(initialise, opened.taskId, opened.deadline);
    const ending = endingOf(wait.end, wait.stop);
    this.note(initialise.id, { kind: 'ended', at: 0, status: ending.status, failure: ending.failure });
    const pod = { groupId: group.id, initTaskId: opened.taskId, delegateId: wait.end.delegateId };
    if (ending.status === 'Success' && this.stop === null) return pod;
    this.open = { group, pod };
    if (this.stop !== null) return 'stopped';
    this.judge(initialise, ending.status, ending.failure?.failureType ?? 'Unknown');
    return 'failed';
  }

  /** Deletes the pod of the group that has ended, and writes everything that is pending along with it. */
  private async closePod(): Promise<void> {
    if (!this.open) return;
    const { group, pod } = this.open;
    this.open = null;
    const changes = this.take();
    await this.parts.durable('close pod', async () => {
      await this.parts.actions.cleanups.close(
        this.run,
        group,
        podIdOf(group.id),
        pod.delegateId,
        this.workflowId,
        stamped(changes),
      );
      return null;
    });
  }

  private async step(node: PlanNode, reason: string, pod: OpenPod | null): Promise<Status> {
    if (pod === null) throw new Error(`step ${node.identifier} is not in a step group`);
    const changes = this.take();
    let begun = await this.parts.durable<BegunStep>('begin step', () =>
      this.parts.steps.begin(this.run, node, pod, this.workflowId, stamped(changes), reason),
    );
    if (begun.kind === 'queued') begun = await this.turn(node, begun.taskId, pod);
    if (begun.kind === 'interrupted') {
      this.stop = 'aborted';
      return 'Aborted';
    }
    if (begun.kind === 'queued') return this.stop === 'expired' ? 'Expired' : 'Aborted';
    if (begun.kind === 'failed') return this.judge(node, 'Failed', begun.failure.failureType);
    this.hasRun = true;
    const { taskId, deadline } = begun;
    const wait = await this.wait(node, taskId, deadline);
    const expected = endingOf(wait.end, wait.stop);
    const ignoreFailure =
      expected.status === 'Failed' &&
      decideFailure(this.run.plan, node.id, expected.failure?.failureType ?? 'Unknown') === 'ignore';
    const { status, failureType } = await this.parts.durable('end step', () =>
      this.parts.steps.end(this.run, node, taskId, wait.end, {
        stop: wait.stop,
        isUnconfirmed: wait.isUnconfirmed,
        ignoreFailure,
      }),
    );
    return this.judge(node, status, failureType);
  }

  /** Waits for the database instance. */
  private async turn(node: PlanNode, taskId: string, pod: OpenPod): Promise<BegunStep> {
    for (;;) {
      const message = await this.parts.messages.receive(this.deadline);
      if (message?.kind === 'lockGranted' && message.holder === taskId) {
        const begun = await this.parts.durable('begin granted step', () =>
          this.parts.steps.beginGranted(this.run, node, pod, this.workflowId),
        );
        if (begun.kind !== 'interrupted') return begun;
      } else if (message !== null && message.kind !== 'abort') continue;
      this.stop = message === null ? 'expired' : 'aborted';
      const [status, failure] =
        message === null
          ? (['Expired', { message: 'the database instance was not free in time', failureType: 'Timeout' }] as const)
          : (['Aborted', null] as const);
      await this.parts.durable('leave queue', async () =>
        this.parts.steps.leave(this.run, node, taskId, status, failure).then(() => null),
      );
      return { kind: 'queued', taskId };
    }
  }

  /** Waits for a task's end. An abort, or a deadline of stage or pipeline, stops the task first and waits a while for that to be confirmed. */
  private async wait(node: PlanNode, taskId: string, taskDeadline: number): Promise<TaskWait> {
    let isStopping = false;
    let until = Math.min(taskDeadline, this.deadline);
    for (;;) {
      const message = await this.parts.messages.receive(until);
      if (message?.kind === 'taskEnded' && message.taskId === taskId)
        return { end: message.end, stop: isStopping ? this.stop : null, isUnconfirmed: false };
      if (message?.kind === 'abort' && !isStopping) {
        this.stop = 'aborted';
        isStopping = true;
        until = (await this.parts.durable('stop task', () => this.parts.actions.stopTask(this.run, node.id, taskId)))
          .waitUntil;
      }
      if (message !== null) continue;
      if (!isStopping && this.deadline <= taskDeadline) {
        this.stop = 'expired';
        isStopping = true;
        until = (await this.parts.durable('stop task', () => this.parts.actions.stopTask(this.run, node.id, taskId)))
          .waitUntil;
        continue;
      }
      const { isAbandoned, waitUntil } = await this.parts.durable('give up', () =>
        this.parts.actions.giveUp(this.run, taskId),
      );
      if (isAbandoned) return { end: SILENT_END, stop: isStopping ? this.stop : null, isUnconfirmed: true };
      until = waitUntil;
    }
  }

  private async fork(node: PlanNode, pod: OpenPod | null): Promise<EndStatus> {
    this.note(node.id, { kind: 'started', at: 0 });
    await this.write();
    const start = { hasFailed: this.hasFailed, pod, deadline: this.deadline };
    const handles = [];
    for (const id of node.children) handles.push(await this.parts.startBranch(this.run, id, start));
    const results: BranchResult[] = [];
    for (const handle of handles) results.push(await handle.getResult());
    this.stop ??= results.find(({ stop }) => stop !== null)?.stop ?? null;
    this.rollback ??= results.find(({ rollback }) => rollback !== null)?.rollback ?? null;
    this.hasRun ||= results.some(({ hasRun }) => hasRun);
    const status = statusOfParent(results.map((result) => result.status));
    this.ended(node.id, status);
    return status;
  }

  /** Draws the consequence of a failure: what its strategy says is done, for the rest of the stage. */
  private judge(node: PlanNode, status: Status, failureType: string): Status {
    if (!isBroken(status) || this.stop !== null) return status;
    const action = decideFailure(this.run.plan, node.id, failureType);
    if (action === 'abort') this.stop = 'aborted';
    this.rollback ??= action === 'rollbackPipeline' ? 'pipeline' : action === 'rollbackStage' ? 'stage' : 'none';
    return status;
  }

  private ended(nodeId: string, status: EndStatus): void {
    this.note(nodeId, { kind: 'ended', at: 0, status });
  }

  /** `at` is set when the change is written. */
  private note(nodeId: string, event: NodeChange['event']): void {
    this.pending.push({ nodeId, event });
  }

  private take(): readonly NodeChange[] {
    const changes = this.pending;
    this.pending = [];
    return changes;
  }

  /** Writes what is pending, with the deletion of a pod when one is left. */
  private async flush(): Promise<void> {
    await this.closePod();
    await this.write();
  }

  private async write(): Promise<void> {
    const changes = this.take();
    if (changes.length === 0) return;
    await this.parts.durable('write', () => this.parts.actions.flush(this.run, stamped(changes)));
  }
}

/** Gives changes the time at which they are written. */
function stamped(changes: readonly NodeChange[]): NodeChange[] {
  const at = Date.now();
  return changes.map(({ nodeId, event }) => ({ nodeId, event: 'at' in event ? { ...event, at } : event }));
}
