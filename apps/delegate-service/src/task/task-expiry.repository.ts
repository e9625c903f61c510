import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotificationBus } from '../notification/notification-bus.js';
import { MAX_EPOCHS, REOFFERED_KINDS, type EndedTask, type QueuedTaskRow } from './task.js';
import { eventInsert, tellEvents } from './task-event.repository.js';

interface EndedRow {
  readonly id: string;
  readonly consumer: string;
  readonly delegate_id: string | null;
  readonly epoch: number;
  readonly outcome: EndedTask['outcome'];
}

/** Rows per statement: a scan never holds many locks at once; the next one comes soon. */
const BATCH = 200;
const QUEUED_COLUMNS =
  't.id, t.account_id, t.org_id, t.project_id, t.kind, t.consumer, t.selectors, t.bound_delegate_id, t.secret_expressions';
const CAN_BE_REOFFERED = `t.kind = ANY ($1) AND t.abort_requested_at IS NULL AND t.epoch < ${MAX_EPOCHS}`;
const ENDED_EVENT = eventInsert(
  `SELECT consumer, id, account_id, org_id, project_id, 'ended', epoch,
     jsonb_build_object('outcome', outcome, 'reason', reason, 'delegateId', coalesce(delegate_id, ''), 'delegateName', coalesce(delegate_name, '')), traceparent FROM ended`,
);

/** What time does to tasks. Replicas scan side by side: a row that another one is working on is skipped. */
@Injectable()
export class TaskExpiryRepository {
  constructor(
    private readonly database: DataSource,
    private readonly bus: NotificationBus,
  ) {}

  /**
   * Takes tasks from delegates that were not heard of for a lease: ends those that may have changed something, queues the others again.
   * @param fenceMs how long the lease is over by then: by its end the delegate began to stop, by its own clock, and after this time it has stopped
   */
  async loseLeases(
    fenceMs = 0,
  ): Promise<{ readonly ended: readonly EndedTask[]; readonly requeued: readonly string[] }> {
    const rows = await this.database.query<(EndedRow & { was_requeued: boolean })[]>(
      `WITH lost AS (SELECT id FROM tasks WHERE state = 'ASSIGNED' AND lease_until < now() - $3::int * interval '1 millisecond' ORDER BY lease_until LIMIT ${BATCH} FOR UPDATE SKIP LOCKED),
       requeued AS (
         UPDATE tasks t SET state = 'QUEUED', delegate_id = NULL, delegate_name = NULL, instance_id = NULL, lease_until = NULL, run_deadline = NULL, acquired_at = NULL,
           queue_deadline = now() + t.queue_timeout_ms * interval '1 millisecond', next_offer_at = now()
         FROM lost WHERE t.id = lost.id AND ${CAN_BE_REOFFERED} RETURNING t.*),
       ended AS (
         UPDATE tasks t SET state = 'ENDED', outcome = 'leaseLost', ended_at = now(),
           reason = 'delegate ' || t.delegate_name || ' was not heard of any more (its lease ended at ' || to_char(t.lease_until AT TIME ZONE 'UTC', 'HH24:MI:SS') || ' UTC)'
             || CASE WHEN t.kind = 'execute-step' THEN '; the step may have changed the database, so it is not run again by itself' ELSE '' END
         FROM lost WHERE t.id = lost.id AND NOT (${CAN_BE_REOFFERED}) RETURNING t.*),
       ${ENDED_EVENT}
       SELECT id, consumer, delegate_id, epoch, outcome, false AS was_requeued, ${tellEvents('$2')} FROM ended
       UNION ALL SELECT id, consumer, NULL, epoch, 'leaseLost', true, NULL FROM requeued`,
      [REOFFERED_KINDS, this.wakeUp(), fenceMs],
    );
    return {
      ended: rows.filter((row) => !row.was_requeued).map(endedOf),
      requeued: rows.filter((row) => row.was_requeued).map(({ id }) => id),
    };
  }

  /** Ends tasks whose result did not come in time. Their delegates are to be told to stop. */
  async endOverdueRuns(): Promise<readonly EndedTask[]> {
    const rows = await this.database.query<EndedRow[]>(
      `WITH overdue AS (SELECT id FROM tasks WHERE state = 'ASSIGNED' AND run_deadline < now() ORDER BY run_deadline LIMIT ${BATCH} FOR UPDATE SKIP LOCKED),
       ended AS (
         UPDATE tasks t SET state = 'ENDED', outcome = 'timedOut', ended_at = now(),
           reason = 'delegate ' || t.delegate_name || ' did not finish within ' || round(t.run_timeout_ms / 1000.0, 1)::text || ' s'
         FROM overdue WHERE t.id = overdue.id RETURNING t.*),
       ${ENDED_EVENT}
       SELECT id, consumer, delegate_id, epoch, outcome, ${tellEvents('$1')} FROM ended`,
      [this.wakeUp()],
    );
    return rows.map(endedOf);
  }

  /** Queued tasks that nobody took in time; {@link endNotAcquired} ends them with the explanation. */
  async listUnclaimed(): Promise<readonly QueuedTaskRow[]> {
    return this.database.query<QueuedTaskRow[]>(
      `SELECT ${QUEUED_COLUMNS} FROM tasks t WHERE state = 'QUEUED' AND queue_deadline <= now() ORDER BY queue_deadline LIMIT ${BATCH}`,
    );
  }

  async endNotAcquired(taskId: string, reason: string): Promise<EndedTask | undefined> {
    const [row] = await this.database.query<EndedRow[]>(
      `WITH ended AS (
         UPDATE tasks SET state = 'ENDED', outcome = 'notAcquired', ended_at = now(), reason = $2::text || ' (waited ' || round(queue_timeout_ms / 1000.0, 1)::text || ' s)'
         WHERE id = $1 AND state = 'QUEUED' AND queue_deadline <= now() RETURNING *),
       ${ENDED_EVENT}
       SELECT id, consumer, delegate_id, epoch, outcome, ${tellEvents('$3')} FROM ended`,
      [taskId, reason, this.wakeUp()],
    );
    return row && endedOf(row);
  }

  /** Queued tasks that are due for another offer; each is handed to one replica only. */
  async claimOffers(againAfterMs: number): Promise<readonly QueuedTaskRow[]> {
    return this.database.query<QueuedTaskRow[]>(
      `WITH due AS (SELECT id FROM tasks WHERE state = 'QUEUED' AND next_offer_at <= now() AND queue_deadline > now() ORDER BY next_offer_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED),
       offered AS (UPDATE tasks t SET next_offer_at = now() + $1::float8 * interval '1 millisecond' FROM due WHERE t.id = due.id RETURNING ${QUEUED_COLUMNS})
       SELECT * FROM offered`,
      [againAfterMs],
    );
  }

  /** Seconds the most overdue lease, run or queue deadline is late: more than a few scans means that expiry does not work. */
  async lagSeconds(fenceMs = 0): Promise<number> {
    const [row] = await this.database.query<{ lag: number | null }[]>(
      `SELECT extract(epoch FROM now() - min(due))::float8 AS lag FROM (
         SELECT min(least(lease_until + $1::int * interval '1 millisecond', run_deadline)) AS due FROM tasks WHERE state = 'ASSIGNED' UNION ALL SELECT min(queue_deadline) FROM tasks WHERE state = 'QUEUED') AS deadlines`,
      [fenceMs],
    );
    return Math.max(0, row?.lag ?? 0);
  }

  /** Removes what nobody needs any more: ended tasks without unread events and dead letters, withdrawn ids, undelivered sealed values. */
  async prune(retentionHours: number): Promise<void> {
    await this.database.query(
      `DELETE FROM tasks WHERE id IN (
         SELECT id FROM tasks t WHERE state = 'ENDED' AND ended_at < now() - $1::float8 * interval '1 hour' AND NOT EXISTS (SELECT 1 FROM task_events e WHERE e.task_id = t.id)
           AND NOT EXISTS (SELECT 1 FROM task_dead_letters d WHERE d.task_id = t.id) LIMIT 5000)`,
      [retentionHours],
    );
    await this.database.query(
      `DELETE FROM withdrawn_tasks WHERE (task_id, account_id, consumer) IN (
         SELECT task_id, account_id, consumer FROM withdrawn_tasks WHERE withdrawn_at < now() - $1::float8 * interval '1 hour' LIMIT 5000)`,
      [retentionHours],
    );
    await this.database.query(`DELETE FROM sealed_deliveries WHERE created_at < now() - interval '1 minute'`);
  }

  private wakeUp(): string {
    return this.bus.wrap({ type: 'events', consumer: '*' });
  }
}

function endedOf(row: EndedRow): EndedTask {
  return {
    taskId: row.id,
    consumer: row.consumer,
    delegateId: row.delegate_id,
    epoch: row.epoch,
    outcome: row.outcome,
  };
}
