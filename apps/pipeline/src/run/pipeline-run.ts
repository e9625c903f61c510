import {
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
import type { RunActions } from './run-actions.js';
import type { BranchResult } from './stage-run.js';
import type { Stop } from './task-end.js';

export interface StageStart {
  readonly decision: string;
  readonly hasFailed: boolean;
  /** Run only its rollback steps: it had succeeded, a later stage asks for it. */
  readonly isRollbackOnly: boolean;
}

export interface PipelineRunParts {
  readonly actions: RunActions;
  readonly durable: DurableStep;
  /** Starts the stage's own workflow. */
  readonly startStage: (
    run: RunHeader,
    stage: PlanNode,
    start: StageStart,
  ) => Promise<{ getResult(): Promise<BranchResult> }>;
}

/** Runs the stages of an execution, each in a workflow of its own, and says the last word. */
export class PipelineRun {
  private stop: Stop | null = null;
  private hasFailed = false;
  private readonly succeeded: PlanNode[] = [];

  constructor(
    private readonly parts: PipelineRunParts,
    private readonly run: RunHeader,
  ) {}

  async execute(): Promise<EndStatus> {
    const { plan } = this.run;
    const stages = nodeOf(plan, plan.rootId)
      .children.map((id) => nodeOf(plan, id))
      .flatMap((node) => node.children);
    const statuses: Status[] = [];
    for (const id of stages) {
      if (this.stop !== null) break;
      const node = nodeOf(plan, id);
      const status = node.kind === 'parallel' ? await this.fork(node) : await this.stages([node]);
      statuses.push(status);
      this.hasFailed ||= isBroken(status);
    }
    const status = this.stop === 'aborted' ? 'Aborted' : this.stop === 'expired' ? 'Expired' : statusOfParent(statuses);
    await this.parts.durable('finish', () => this.parts.actions.finish(this.run, status));
    return status;
  }

  private async fork(node: PlanNode): Promise<EndStatus> {
    await this.write([{ nodeId: node.id, event: { kind: 'started', at: 0 } }]);
    const status = await this.stages(node.children.map((id) => nodeOf(this.run.plan, id)));
    await this.write([{ nodeId: node.id, event: { kind: 'ended', at: 0, status } }]);
    return status;
  }

  /** Stages side by side; one is the usual case. */
  private async stages(stages: readonly PlanNode[]): Promise<EndStatus> {
    const hasFailed = this.hasFailed;
    const statuses: Status[] = [];
    const started: { readonly stage: PlanNode; readonly handle: { getResult(): Promise<BranchResult> } }[] = [];
    for (const stage of stages) {
      if (this.run.takenOver.includes(stage.id)) {
        this.succeeded.push(stage);
        statuses.push('Success');
        continue;
      }
      const decision = await this.decide(stage, hasFailed);
      if (decision.kind === 'run')
        started.push({
          stage,
          handle: await this.parts.startStage(this.run, stage, {
            decision: decision.reason,
            hasFailed: false,
            isRollbackOnly: false,
          }),
        });
      else statuses.push(await this.leaveOut(stage, decision));
    }
    let rollback = false;
    for (const { stage, handle } of started) {
      const result = await handle.getResult();
      statuses.push(result.status);
      this.stop ??= result.stop;
      if (result.status === 'Success' || result.status === 'IgnoreFailed') this.succeeded.push(stage);
      rollback ||= result.rollback === 'pipeline';
    }
    if (rollback && this.stop === null) await this.rollBackSucceeded();
    return statusOfParent(statuses);
  }

  /** PipelineRollback: the stages that had succeeded, last one first. */
  private async rollBackSucceeded(): Promise<void> {
    for (const stage of this.succeeded.splice(0).reverse()) {
      if (this.stop !== null || this.run.takenOver.includes(stage.id)) continue;
      const handle = await this.parts.startStage(this.run, stage, {
        decision: '',
        hasFailed: true,
        isRollbackOnly: true,
      });
      this.stop ??= (await handle.getResult()).stop;
    }
  }

  private async decide(stage: PlanNode, hasFailed: boolean): Promise<RunDecision> {
    const surroundings = { hasFailed, hasFailedHere: hasFailed };
    if (stage.when?.condition?.includes('<+'))
      return this.parts.durable('decide', () => this.parts.actions.decide(this.run, stage, surroundings));
    return decideRun(stage, surroundings, () => ({ kind: 'keep' }));
  }

  private async leaveOut(stage: PlanNode, decision: RunDecision): Promise<Status> {
    if (decision.kind === 'invalid') {
      await this.write([
        {
          nodeId: stage.id,
          event: {
            kind: 'ended',
            at: 0,
            status: 'Failed',
            failure: { message: decision.reason, failureType: 'Unknown' },
          },
        },
      ]);
      return 'Failed';
    }
    await this.write(
      subtree(this.run.plan, stage.id).map(({ id }) => ({
        nodeId: id,
        event: { kind: 'skipped', at: 0, decision: decision.reason },
      })),
    );
    return 'Skipped';
  }

  private async write(changes: readonly NodeChange[]): Promise<void> {
    await this.parts.durable('write', () => {
      const at = Date.now();
      return this.parts.actions.flush(
        this.run,
        changes.map(({ nodeId, event }) => ({ nodeId, event: 'at' in event ? { ...event, at } : event })),
      );
    });
  }
}
