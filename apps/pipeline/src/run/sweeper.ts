import { messageOf, pause } from '@sluice/kernel';
import type { RunActions } from './run-actions.js';
import type { Workflows } from './workflows.js';

/** Younger executions are being started by the request that made them. */
const SETTLED_MS = 2_000;
const BATCH = 100;

/**
 * Finishes what a crash left half done between two systems: executions without a workflow, aborts and turns nobody was told of, instances
 * held by executions that have ended. Everything it does can be done twice, so replicas may sweep at once.
 */
export class Sweeper {
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly actions: RunActions,
    private readonly workflows: Workflows,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.closing.abort(new Error('stopping'));
    await this.running;
  }

  /** One round. */
  async sweep(): Promise<void> {
    await this.startForgotten();
    await this.repeatAborts();
    await this.freeInstances();
  }

  private async loop(): Promise<void> {
    while (!this.closing.signal.aborted) {
      await this.sweep().catch((cause: unknown) => {
        if (!this.closing.signal.aborted) this.actions.services.log.warn({ error: messageOf(cause) }, 'a sweep failed');
      });
      await pause(this.intervalMs, this.closing.signal).catch(() => undefined);
    }
  }

  private async startForgotten(): Promise<void> {
    const rows = await this.actions.services.dataSource.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions WHERE ended_at IS NULL AND NOT is_started AND created_at < $1 ORDER BY created_at LIMIT ${BATCH}`,
      [Date.now() - SETTLED_MS],
    );
    for (const { plan_execution_id: id } of rows) {
      await this.workflows.start(id);
      await this.actions.services.dataSource.query(`UPDATE executions SET is_started = true WHERE plan_execution_id = $1`, [id]);
    }
  }

  private async repeatAborts(): Promise<void> {
    const rows = await this.actions.services.dataSource.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions WHERE ended_at IS NULL AND interrupt_id IS NOT NULL ORDER BY created_at LIMIT ${BATCH}`,
    );
    for (const { plan_execution_id: id } of rows) await this.tellAbort(id);
  }

  /** Wakes whatever waits in an interrupted execution. */
  async tellAbort(planExecutionId: string): Promise<void> {
    for (const workflowId of await this.actions.record.waitingWorkflows(planExecutionId)) {
      await this.actions.services.messages.send(workflowId, { kind: 'abort' }, `abort:${planExecutionId}`);
    }
  }

  private async freeInstances(): Promise<void> {
    const untold = await this.actions.write(async ({ locks }) => {
      for (const holder of await locks.orphans()) await locks.release(holder, Date.now());
      return locks.untold();
    });
    for (const grant of untold) await this.actions.tell(grant);
  }
}
