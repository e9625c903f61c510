import { backoffMs, messageOf, pause } from '@sluice/kernel';
import type { LostExecutions } from './lost-executions.js';
import { isMissing, type RunActions } from './run-actions.js';
import type { Workflows } from './workflows.js';

/** Younger executions are being started by the request that made them. */
const SETTLED_MS = 2_000;
const BATCH = 100;
/** How long what could not be finished is left out: it must not take the places of a batch from what can. */
const REST = { baseMs: 1_000, maxMs: 60_000 } as const;

interface Failing {
  readonly attempts: number;
  readonly restsUntil: number;
}

/**
 * Finishes what a crash left half done between two systems: executions whose workflow was not started, or is gone, aborts and turns nobody was told of,
 * tasks that were not stopped, pods that were not cleaned up, instances held by executions that have ended. Everything it does can be done twice, so replicas may sweep at once. What cannot be finished is said in the
 * log and tried again later, and keeps nothing else from being finished.
 */
export class Sweeper {
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly failing = new Map<string, Failing>();

  constructor(
    private readonly actions: RunActions,
    private readonly workflows: Workflows,
    private readonly lost: LostExecutions,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.closing.abort(new Error('stopping'));
    await this.running;
  }

  /** One round. Never throws. */
  async sweep(): Promise<void> {
    await this.attempt('start', () => this.startForgotten());
    await this.attempt('abort', () => this.repeatAborts());
    await this.attempt('stop', () => this.repeatStops());
    await this.attempt('lost', () => this.endLost());
    await this.attempt('cleanup', () => this.repeatCleanups());
    await this.attempt('free', () => this.freeInstances());
    await this.attempt('grant', () => this.repeatGrants());
  }

  private async loop(): Promise<void> {
    while (!this.closing.signal.aborted) {
      await this.sweep();
      await pause(this.intervalMs, this.closing.signal).catch(() => undefined);
    }
  }

  private async startForgotten(): Promise<void> {
    const rows = await this.actions.services.dataSource.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions WHERE ended_at IS NULL AND NOT is_started AND created_at < $1 AND plan_execution_id <> ALL ($2) ORDER BY created_at LIMIT ${BATCH}`,
      [Date.now() - SETTLED_MS, this.resting('start')],
    );
    for (const { plan_execution_id: id } of rows) {
      await this.attempt(`start ${id}`, async () => {
        await this.workflows.start(id);
        await this.actions.services.dataSource.query(
          `UPDATE executions SET is_started = true WHERE plan_execution_id = $1`,
          [id],
        );
      });
    }
  }

  private async endLost(): Promise<void> {
    for (const execution of await this.lost.find(this.resting('lost'))) {
      await this.attempt(`lost ${execution.id}`, async () => {
        await this.tellAbort(execution.id);
        await this.lost.end(execution);
      });
    }
  }

  private async repeatCleanups(): Promise<void> {
    for (const taskId of await this.actions.cleanups.due(this.resting('cleanup')))
      await this.attempt(`cleanup ${taskId}`, () => this.actions.cleanups.again(taskId));
  }

  /** At once, so that a delegate service that does not answer holds up the sweep for one call. */
  private async repeatStops(): Promise<void> {
    const { stops } = this.actions;
    await Promise.all(
      (await stops.due(this.resting('stop'))).map((taskId) =>
        this.attempt(`stop ${taskId}`, () => stops.again(taskId)),
      ),
    );
  }

  private async repeatAborts(): Promise<void> {
    const rows = await this.actions.services.dataSource.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions WHERE ended_at IS NULL AND interrupt_id IS NOT NULL AND plan_execution_id <> ALL ($1) ORDER BY created_at LIMIT ${BATCH}`,
      [this.resting('abort')],
    );
    for (const { plan_execution_id: id } of rows) await this.attempt(`abort ${id}`, () => this.tellAbort(id));
  }

  /** Wakes whatever waits in an interrupted execution. A workflow that is gone waits for nothing. */
  async tellAbort(planExecutionId: string): Promise<void> {
    for (const workflowId of await this.actions.record.waitingWorkflows(planExecutionId)) {
      await this.actions.services.messages
        .send(workflowId, { kind: 'abort' }, `abort:${planExecutionId}`)
        .catch((cause: unknown) => {
          if (!isMissing(cause)) throw cause;
          this.actions.services.log.warn({ planExecutionId, workflowId }, 'a workflow that is to be aborted is gone');
        });
    }
  }

  private async freeInstances(): Promise<void> {
    const resting = new Set(this.resting('free'));
    for (const holder of await this.actions.write(({ locks }) => locks.orphans())) {
      if (!resting.has(holder))
        await this.attempt(
          `free ${holder}`,
          async () => void (await this.actions.write(({ locks }) => locks.release(holder, Date.now()))),
        );
    }
  }

  private async repeatGrants(): Promise<void> {
    const resting = new Set(this.resting('grant'));
    for (const grant of await this.actions.write(({ locks }) => locks.untold())) {
      if (!resting.has(grant.holder)) await this.attempt(`grant ${grant.holder}`, () => this.actions.tell(grant));
    }
  }

  /** @param what `<sweep>`, or `<sweep> <id>` of the one thing that is tried */
  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.failing.delete(what);
    } catch (cause) {
      if (this.closing.signal.aborted) return;
      const attempts = (this.failing.get(what)?.attempts ?? 0) + 1;
      this.failing.set(what, { attempts, restsUntil: Date.now() + backoffMs(attempts, REST) });
      this.actions.services.log.warn(
        { what, attempts, error: messageOf(cause) },
        'a sweep could not finish something; it is tried again later',
      );
    }
  }

  /** Ids of a sweep that are left out for now. What has rested long enough and is not there any more is forgotten. */
  private resting(sweep: string): string[] {
    const now = Date.now();
    const mine = [...this.failing].filter(([what]) => what.startsWith(`${sweep} `));
    for (const [what, { restsUntil }] of mine) if (restsUntil + REST.maxMs < now) this.failing.delete(what);
    return mine.filter(([, { restsUntil }]) => restsUntil > now).map(([what]) => what.slice(sweep.length + 1));
  }
}
