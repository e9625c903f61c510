import { Injectable } from '@nestjs/common';
import { laneOf, type RpcScope, type TaskEvent, type TaskEndOutcome } from '@sluice/delegate-rpc';
import { DataSource } from 'typeorm';
import { rpcScope, type ScopeRow } from '../database.js';

/** The part of a statement that adds events: `rows` selects consumer, task, scope columns, type, epoch, body and traceparent. */
export function eventInsert(rows: string): string {
  return `event AS (INSERT INTO task_events (consumer, task_id, account_id, org_id, project_id, type, epoch, body, traceparent) ${rows} RETURNING seq)`;
}

/** The part of a statement that tells other replicas of new events with its commit. @param payload the statement's parameter, such as `$9` */
export function tellEvents(payload: string): string {
  return `pg_notify('delegate_service', ${payload})`;
}

/** The lane of a row, as the contract's `laneOf` has it of an event. */
const LANE_OF_ROW = `CASE WHEN e.type = 'secretsWanted' THEN 'secrets' WHEN e.type = 'ended' AND e.body->>'outcome' = 'late' THEN 'late' ELSE 'live' END`;

/** Names the lane of an event's account. */
export function laneKey(event: TaskEvent): string {
  return `${laneOf(event)} ${event.scope.accountId}`;
}

interface EventRow extends ScopeRow {
  readonly seq: string;
  readonly task_id: string;
  readonly type: TaskEvent['event'];
  readonly epoch: number;
  readonly body: {
    readonly delegateId?: string;
    readonly delegateName?: string;
    readonly publicKey?: string;
    readonly expressions?: string[];
    readonly outcome?: TaskEndOutcome;
    readonly reason?: string | null;
  };
  readonly traceparent: string;
  readonly result: string | null;
  /** Of the delegate the event is about: where its token was made. Null when it is gone. */
  readonly delegate_account_id: string | null;
  readonly delegate_org_id: string | null;
  readonly delegate_project_id: string | null;
}

/** Results that are held at once for a stream, in bytes; the one that goes past it is the last of its page. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** The outbox: what each consuming service has not acknowledged yet. */
@Injectable()
export class TaskEventRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Oldest first, without those in `known`: a lower number may be committed after a higher one, so a plain "greater than" would lose events. Large
   * results make the page shorter; it has at least one event while there is one.
   * @param full accounts and lanes to leave out, as {@link laneKey} writes them
   */
  async backlog(
    consumer: string,
    known: readonly number[],
    limit: number,
    full: readonly string[] = [],
  ): Promise<readonly TaskEvent[]> {
    const rows = await this.database.query<EventRow[]>(
      `SELECT * FROM (
         SELECT e.seq, e.task_id, e.account_id, e.org_id, e.project_id, e.type, e.epoch, e.body, e.traceparent, r.result,
           d.account_id AS delegate_account_id, d.org_id AS delegate_org_id, d.project_id AS delegate_project_id,
           sum(coalesce(octet_length(r.result), 0)) OVER (ORDER BY e.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
         FROM (SELECT * FROM task_events e WHERE e.consumer = $1 AND e.seq <> ALL ($2::bigint[]) AND (${LANE_OF_ROW} || ' ' || e.account_id) <> ALL ($4::text[]) ORDER BY e.seq LIMIT $3) e
         LEFT JOIN delegates d ON e.type = 'secretsWanted' AND d.id = e.body ->> 'delegateId' LEFT JOIN task_results r ON r.task_id = e.task_id AND r.epoch = e.epoch AND e.body ? 'hasResult'
       ) page WHERE coalesce(bytes_before, 0) < $5 ORDER BY seq`,
      [consumer, known, limit, full, PAGE_BYTES],
    );
    return rows.map(eventOf);
  }

  /** Those of `seqs` that are still to be acknowledged. */
  async unread(consumer: string, seqs: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await this.database.query<{ seq: string }[]>(
      `SELECT seq FROM task_events WHERE consumer = $1 AND seq = ANY ($2::bigint[])`,
      [consumer, seqs],
    );
    return new Set(rows.map(({ seq }) => Number(seq)));
  }

  /** Safe to repeat. @returns the numbers that are gone now */
  async acknowledge(consumer: string, seqs: readonly number[]): Promise<void> {
    await this.database.query(`DELETE FROM task_events WHERE consumer = $1 AND seq = ANY ($2::bigint[])`, [
      consumer,
      seqs,
    ]);
  }
}

function eventOf(row: EventRow): TaskEvent {
  const base = {
    seq: Number(row.seq),
    taskId: row.task_id,
    scope: rpcScope(row),
    event: row.type,
    traceparent: row.traceparent,
  };
  const { body } = row;
  const delegate = { delegateId: body.delegateId ?? '', delegateName: body.delegateName ?? '' };
  if (row.type === 'acquired') return { ...base, acquired: { ...delegate, epoch: row.epoch } };
  if (row.type === 'secretsWanted')
    return {
      ...base,
      delegateScope: delegateScopeOf(row),
      secretsWanted: {
        delegateId: delegate.delegateId,
        epoch: row.epoch,
        publicKey: body.publicKey ?? '',
        expressions: body.expressions ?? [],
      },
    };
  return {
    ...base,
    ended: { ...delegate, outcome: body.outcome ?? 'aborted', resultJson: row.result ?? '', reason: body.reason ?? '' },
  };
}

/** A delegate that is gone serves nothing: no account. */
function delegateScopeOf(row: EventRow): RpcScope {
  return rpcScope({
    account_id: row.delegate_account_id ?? '',
    org_id: row.delegate_org_id,
    project_id: row.delegate_project_id,
  });
}
