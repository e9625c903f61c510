import { backoffMs, messageOf } from '@sluice/kernel';
import type { PlanNode } from '@sluice/pipeline-engine';
import type { NodeChange, RunHeader } from './execution-record.js';
import type { RunActions } from './run-actions.js';
import { taskIdOf } from './task.js';

const RUN_MS = 120_000;
/** Between two tries for one pod. */
const AGAIN = { baseMs: 5_000, maxMs: 600_000 } as const;
/** For the delegate service to tell the end of a task after its time. */
const REPORT_MS = 30_000;
/** About a day. A delegate that is gone for longer has a next process, which removes what it finds. */
const MAX_ATTEMPTS = 120;
const BATCH = 20;
/** Read to find a batch: most of them may wait for their next try, and must not hide those behind them. */
const MOST_READ = 2_000;

interface DueRow {
  readonly task_id: string;
  readonly ended_at: string | null;
}

/** Of pods that are not wanted any more: asked for once with the end of the group, and again until a delegate has done it. */
export class PodCleanups {
  constructor(private readonly actions: RunActions) {}

  /** Deletes the pod of a group; nobody waits for it. Pending changes are written along. */
  async close(
    run: RunHeader,
    group: PlanNode,
    podId: string,
    delegateId: string,
    workflowId: string,
    changes: readonly NodeChange[],
  ): Promise<void> {
    const taskId = taskIdOf(run.planExecutionId, group.id, 'cleanup');
    await this.actions.write(async ({ record }) => {
      await record.apply(run.planExecutionId, changes);
      await record.addTask(
        {
          taskId,
          planExecutionId: run.planExecutionId,
          nodeId: group.id,
          workflowId,
          kind: 'cleanup-pod',
          context: { kind: 'cleanup-pod', podId, delegateId },
        },
        Date.now(),
      );
    });
    await this.submit(run, group.id, taskId, podId, delegateId, RUN_MS);
  }

  /** Clean-ups that came to nothing and whose time has come, the oldest first. @param resting those that are not tried now */
  async due(resting: readonly string[]): Promise<readonly string[]> {
    const now = Date.now();
    const rows = await this.actions.services.dataSource.query<DueRow[]>(
      `SELECT task_id, ended_at FROM execution_tasks WHERE kind = 'cleanup-pod' AND status <> 'ended'
         AND (status = 'abandoned' OR created_at < $1) AND context ->> 'delegateId' <> '' AND task_id <> ALL ($2) ORDER BY created_at LIMIT ${MOST_READ}`,
      [now - this.actions.services.config.taskQueueTimeoutMs - RUN_MS - REPORT_MS, resting],
    );
    return rows
      .filter((row) => Number(row.ended_at ?? 0) + backoffMs(attemptOf(row.task_id) - 1, AGAIN) < now)
      .slice(0, BATCH)
      .map((row) => row.task_id);
  }

  /** A further task takes the place of one that came to nothing: the delegate service knows that one as ended. Safe to repeat. */
  async again(taskId: string): Promise<void> {
    const task = await this.actions.record.task(taskId);
    const run = task && (await this.actions.header(task.planExecutionId));
    if (!task || task.status === 'ended' || task.context.kind !== 'cleanup-pod' || !task.context.delegateId) return;
    // Without its execution there is no caller left to submit in the name of; the next process of the delegate removes the pod.
    if (!run) return this.actions.write(({ record }) => record.supersedeTask(taskId, Date.now()));
    const { nodeId, workflowId, context } = task;
    const attempt = attemptOf(taskId) + 1;
    if (attempt > MAX_ATTEMPTS) {
      this.actions.services.log.error(
        { taskId, podId: context.podId, attempts: attempt - 1 },
        'a pod could not be cleaned up and is given up; the next process of its delegate removes it',
      );
      return this.actions.write(({ record }) => record.supersedeTask(taskId, Date.now()));
    }
    const next = taskIdOf(run.planExecutionId, nodeId, 'cleanup', attempt);
    await this.actions.write(async ({ record }) => {
      await record.addTask(
        { taskId: next, planExecutionId: run.planExecutionId, nodeId, workflowId, kind: 'cleanup-pod', context },
        Date.now(),
      );
      await record.supersedeTask(taskId, Date.now());
    });
    await this.submit(run, nodeId, next, context.podId, context.delegateId ?? '', 0);
  }

  private async submit(
    run: RunHeader,
    groupId: string,
    taskId: string,
    podId: string,
    delegateId: string,
    patienceMs: number,
  ): Promise<void> {
    const { config, tasks, log } = this.actions.services;
    const description = `clean up after step group "${run.plan.nodes[groupId]?.name ?? groupId}"`;
    await this.actions
      .span(run, 'cleanup pod', (traceparent) =>
        tasks.submit(
          this.actions.callerOf(run, traceparent),
          {
            taskId,
            scope: run.scope,
            payload: { kind: 'cleanup-pod', podId },
            selectors: [],
            boundDelegateId: delegateId,
            queueTimeoutMs: config.taskQueueTimeoutMs,
            runTimeoutMs: RUN_MS,
            description,
          },
          patienceMs,
        ),
      )
      .catch(async (cause: unknown) => {
        log.warn(
          { taskId, podId, delegateId, error: messageOf(cause) },
          'a pod could not be cleaned up; it is tried again',
        );
        await this.actions.write(({ record }) => record.abandonTask(taskId, Date.now()));
      });
  }
}

function attemptOf(taskId: string): number {
  return Number(/(\d+)$/.exec(taskId)?.[1] ?? 1);
}
