import { DBOS } from '@dbos-inc/dbos-sdk';
import { AppError, backoffMs, messageOf, pause } from '@sluice/kernel';
import { nodeOf, type Status } from '@sluice/pipeline-engine';
import type { StepTypeRegistry } from '@sluice/step-types';
import type { Logger } from '@sluice/telemetry';
import type { PipelineConfig } from '../config.js';
import { durableSteps, type DurableStep } from './durable-step.js';
import type { RunHeader } from './execution-record.js';
import { PipelineRun, type StageStart } from './pipeline-run.js';
import { PodActions } from './pod-actions.js';
import type { RunActions } from './run-actions.js';
import { StageRun, type BranchResult, type BranchStart, type RunParts } from './stage-run.js';
import { StepActions } from './step-actions.js';

/** Changes only when running workflows could not be replayed by the new code; recovery takes over workflows of the same version. */
const WORKFLOW_VERSION = '1';
const WORKFLOW_SCHEMA = 'dbos';
/** A workflow that has been recovered this often is given up. */
const MAX_RECOVERIES = 1_000;
const DRAIN_MS = 200;
/** As the service's own connections have it. */
const IDLE_TRANSACTION_MS = 60_000;
const HEADER_ATTEMPTS = 12;
const BROKEN: BranchResult = { status: 'Errored', stop: null, rollback: 'none', hasRun: true };

/**
 * The durable side: one workflow per execution, one per stage, one per side of a fork. The durable engine is one per process, so there can be
 * only one of these at a time.
 */
export class Workflows {
  private readonly parts: RunParts;
  private readonly pipeline: (planExecutionId: string) => Promise<Status>;
  private readonly stage: (planExecutionId: string, stageId: string, start: StageStart) => Promise<BranchResult>;
  private readonly branch: (planExecutionId: string, nodeId: string, start: BranchStart) => Promise<BranchResult>;
  private readonly durable: DurableStep = durableSteps(() => this.isStopping);
  private isStopping = false;

  constructor(
    private readonly actions: RunActions,
    types: StepTypeRegistry,
  ) {
    this.parts = {
      actions: this.actions,
      durable: this.durable,
      pods: new PodActions(this.actions, types),
      steps: new StepActions(this.actions, types),
      messages: actions.services.messages,
      startBranch: (run, nodeId, start) =>
        DBOS.startWorkflow(this.branch, { workflowID: `${run.planExecutionId}/${nodeId}` })(
          run.planExecutionId,
          nodeId,
          start,
        ),
    };
    const config = { maxRecoveryAttempts: MAX_RECOVERIES };
    this.pipeline = DBOS.registerWorkflow((planExecutionId: string) => this.runPipeline(planExecutionId), {
      ...config,
      name: 'runPipeline',
    });
    this.stage = DBOS.registerWorkflow(
      (planExecutionId: string, stageId: string, start: StageStart) => this.runStage(planExecutionId, stageId, start),
      { ...config, name: 'runStage' },
    );
    this.branch = DBOS.registerWorkflow(
      (planExecutionId: string, nodeId: string, start: BranchStart) => this.runBranch(planExecutionId, nodeId, start),
      { ...config, name: 'runBranch' },
    );
  }

  /** Connects the durable engine and takes up what was under way under this executor id. */
  async launch(config: PipelineConfig): Promise<void> {
    DBOS.setConfig({
      name: 'sluice-pipeline',
      systemDatabaseUrl: withIdleTimeout(config.databaseUrl),
      systemDatabaseSchemaName: WORKFLOW_SCHEMA,
      systemDatabasePoolSize: config.databasePoolSize,
      applicationVersion: WORKFLOW_VERSION,
      executorID: config.executorId,
      logger: quietLogger(this.actions.services.log),
    });
    await DBOS.launch();
  }

  /** Starts an execution's workflow. Safe to repeat. */
  async start(planExecutionId: string): Promise<void> {
    await DBOS.startWorkflow(this.pipeline, { workflowID: planExecutionId })(planExecutionId);
  }

  /** Lets go of what is under way; it goes on after the next launch. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: DRAIN_MS });
  }

  private async runPipeline(planExecutionId: string): Promise<Status> {
    const run = await this.header(planExecutionId);
    const startStage = (_run: RunHeader, stage: { readonly id: string }, start: StageStart) =>
      DBOS.startWorkflow(this.stage, {
        workflowID: `${planExecutionId}/${stage.id}${start.isRollbackOnly ? '/rollback' : ''}`,
      })(planExecutionId, stage.id, start);
    try {
      return await new PipelineRun({ actions: this.actions, durable: this.durable, startStage }, run).execute();
    } catch (cause) {
      await this.failed(run, run.plan.rootId, cause);
      await this.durable('finish', () => this.actions.finish(run, 'Errored'));
      return 'Errored';
    }
  }

  private async runStage(planExecutionId: string, stageId: string, start: StageStart): Promise<BranchResult> {
    const run = await this.header(planExecutionId);
    const stage = nodeOf(run.plan, stageId);
    const work = new StageRun(this.parts, run, DBOS.workflowID ?? '', {
      hasFailed: start.hasFailed,
      pod: null,
      deadline: run.validUntil,
    });
    try {
      return await (start.isRollbackOnly ? work.rollbackOnly(stage) : work.stage(stage, start.decision));
    } catch (cause) {
      await this.failed(run, stageId, cause);
      return BROKEN;
    }
  }

  private async runBranch(planExecutionId: string, nodeId: string, start: BranchStart): Promise<BranchResult> {
    const run = await this.header(planExecutionId);
    try {
      return await new StageRun(this.parts, run, DBOS.workflowID ?? '', start).branch(
        nodeOf(run.plan, nodeId),
        start.pod,
      );
    } catch (cause) {
      await this.failed(run, nodeId, cause);
      return BROKEN;
    }
  }

  /** The header never changes, so that reading it outside a durable step is the same on every replay. */
  private async header(planExecutionId: string): Promise<RunHeader> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const run = await this.actions.header(planExecutionId);
        if (run) return run;
        throw new AppError('ENTITY_NOT_FOUND', `there is no execution ${planExecutionId}`);
      } catch (cause) {
        if (this.isStopping) await new Promise<never>(() => undefined);
        if (cause instanceof AppError || attempt >= HEADER_ATTEMPTS) throw cause;
        await pause(backoffMs(attempt, { baseMs: 100, maxMs: 5_000 }));
      }
    }
  }

  /**
   * Writes a breakdown down. While this process is going away nothing is broken: the workflow must stay pending, so this never settles and the
   * engine cannot record an end.
   */
  private async failed(run: RunHeader, nodeId: string, cause: unknown): Promise<void> {
    if (this.isStopping) await new Promise<never>(() => undefined);
    await this.durable('fail', () =>
      this.actions.fail(run, nodeId, {
        message: `Sluice could not go on: ${messageOf(cause)}`,
        failureType: 'Unknown',
      }),
    );
  }
}

/** Said in the URL, it holds from the start of a connection; the engine would otherwise send it in front of the first query, which the driver deprecates. */
function withIdleTimeout(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const options = url.searchParams.get('options');
  url.searchParams.set(
    'options',
    `${options === null ? '' : `${options} `}-c idle_in_transaction_session_timeout=${IDLE_TRANSACTION_MS}`,
  );
  return url.toString();
}

/** The engine's own lines, below warning only on `debug`. */
function quietLogger(log: Logger): NonNullable<Parameters<typeof DBOS.setConfig>[0]['logger']> {
  const child = log.child({ component: 'dbos' });
  return {
    info: (entry) => child.debug({}, textOf(entry)),
    debug: (entry) => child.trace({}, textOf(entry)),
    warn: (entry) => child.warn({}, textOf(entry)),
    error: (entry) => child.error({}, textOf(entry)),
  };
}

function textOf(entry: unknown): string {
  return typeof entry === 'string' ? entry : messageOf(entry);
}
