import { Injectable } from '@nestjs/common';
import { scopeColumns } from '@sluice/kernel';
import type { HeldLease, TaskPayload } from '@sluice/delegate-protocol';
import type { LeaseTimesReply } from '@sluice/delegate-rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { NotificationBus } from '../notification/notification-bus.js';
import type { AcquireOutcome, Assignment, LeaseReview, NewTask, QueuedTaskRow, ResultOutcome } from './task.js';
import { tellEvents, eventInsert } from './task-event.repository.js';

/** Who acquires: one process of one delegate of one account. A lease is bound to its sealing key. */
export interface Holder {
  readonly accountId: string;
  readonly delegateId: string;
  readonly delegateName: string;
  readonly instanceId: string;
  readonly publicKey: string;
}

interface AssignedRow {
  readonly id: string;
  readonly epoch: number;
  readonly kind: Assignment['kind'];
  readonly payload: TaskPayload;
  readonly consumer: string;
  readonly traceparent: string;
  readonly is_aborting: boolean;
}

const QUEUED_COLUMNS =
  'id, account_id, org_id, project_id, kind, consumer, selectors, bound_delegate_id, secret_expressions';
const ASSIGNED_COLUMNS =
  'id, epoch, kind, payload, consumer, traceparent, (abort_requested_at IS NOT NULL) AS is_aborting';

/** The row that reports ($2) is a restart of the one that held the epoch ($4), as far as rows can show it: both are of one scope, token, name and host. */
const RESTART_OF_HOLDER = `
  SELECT 1 FROM delegates held JOIN delegates reports ON reports.account_id = held.account_id AND reports.org_id IS NOT DISTINCT FROM held.org_id AND reports.project_id IS NOT DISTINCT FROM held.project_id
    AND reports.token_id = held.token_id AND reports.name = held.name AND reports.host_name = held.host_name
  WHERE held.id = tasks.holders[$4::int] AND reports.id = $2::text`;

/** Keeps a submission and the withdrawal of one task id apart, until the transaction ends: each then sees what the other wrote. */
async function keepApart(manager: EntityManager, taskId: string): Promise<void> {
  await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 20261201))`, [taskId]);
}

/** Tasks as delegates and their submitters see them. Every change of a task is one statement; its events leave in the same one. */
@Injectable()
export class TaskRepository {
  constructor(
    private readonly database: DataSource,
    private readonly bus: NotificationBus,
  ) {}

  /** @returns `inserted`, whether the known task of this id is `same` or `different`, or `withdrawn`: its submitter has aborted the id before, so nothing is stored */
  insert(task: NewTask, firstOfferAgainMs: number): Promise<'inserted' | 'same' | 'different' | 'withdrawn'> {
    return this.database.transaction(async (manager) => {
      await keepApart(manager, task.id);
      const withdrawn = await manager.query<unknown[]>(
        `SELECT 1 FROM withdrawn_tasks WHERE task_id = $1 AND account_id = $2 AND consumer = $3`,
        [task.id, task.scope.accountId, task.consumer],
      );
      return withdrawn.length > 0 ? 'withdrawn' : this.insertWith(manager, task, firstOfferAgainMs);
    });
  }

  private async insertWith(
    manager: EntityManager,
    task: NewTask,
    firstOfferAgainMs: number,
  ): Promise<'inserted' | 'same' | 'different'> {
    const { accountId, orgId, projectId } = scopeColumns(task.scope);
    const payload = JSON.stringify(task.payload);
    const inserted = await manager.query<unknown[]>(
      `INSERT INTO tasks (id, account_id, org_id, project_id, consumer, kind, payload, secret_expressions, selectors, description, traceparent, bound_delegate_id,
         queue_timeout_ms, run_timeout_ms, state, queue_deadline, next_offer_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::int, $14, 'QUEUED', now() + $13::int * interval '1 millisecond', now() + $15::int * interval '1 millisecond')
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [
        task.id,
        accountId,
        orgId,
        projectId,
        task.consumer,
        task.payload.kind,
        payload,
        task.secretExpressions,
        task.selectors,
        task.description,
        task.traceparent,
        task.boundDelegateId,
        task.queueTimeoutMs,
        task.runTimeoutMs,
        firstOfferAgainMs,
      ],
    );
    if (inserted.length > 0) return 'inserted';
    const [known] = await manager.query<{ same: boolean }[]>(
      `SELECT (account_id = $2 AND org_id IS NOT DISTINCT FROM $3 AND project_id IS NOT DISTINCT FROM $4 AND consumer = $5 AND payload = $6::jsonb) AS same FROM tasks WHERE id = $1`,
      [task.id, accountId, orgId, projectId, task.consumer, payload],
    );
    return known?.same ? 'same' : 'different';
  }

  /**
   * Gives the task to one process: one atomic update, a lease and the next epoch. The same process asking again for a task it holds
   * gets the same epoch and payload. Whether the delegate is eligible is the caller's question.
   */
  async acquire(
    taskId: string,
    holder: Holder,
    options: { readonly leaseMs: number; readonly wantsSecrets: boolean },
  ): Promise<AcquireOutcome> {
    const parameters = [
      taskId,
      holder.accountId,
      holder.delegateId,
      holder.delegateName,
      holder.instanceId,
      options.leaseMs,
      options.wantsSecrets,
      holder.publicKey,
      this.bus.wrap({ type: 'events', consumer: '*' }),
    ];
    const [taken] = await this.database.query<AssignedRow[]>(
      `WITH taken AS (
         UPDATE tasks SET state = 'ASSIGNED', delegate_id = $3::text, delegate_name = $4::text, instance_id = $5, holder_key = $8::text, epoch = epoch + 1, holders = holders || $3::text,
           lease_until = now() + $6::int * interval '1 millisecond', acquired_at = now(), run_deadline = now() + run_timeout_ms * interval '1 millisecond'
         WHERE id = $1 AND account_id = $2 AND state = 'QUEUED' AND abort_requested_at IS NULL AND queue_deadline > now() AND (bound_delegate_id IS NULL OR bound_delegate_id = $3::text)
         RETURNING *),
       ${eventInsert(`
         SELECT consumer, id, account_id, org_id, project_id, 'acquired', epoch, jsonb_build_object('delegateId', $3::text, 'delegateName', $4::text), traceparent FROM taken
         UNION ALL
         SELECT consumer, id, account_id, org_id, project_id, 'secretsWanted', epoch,
           jsonb_build_object('delegateId', $3::text, 'publicKey', $8::text, 'expressions', secret_expressions), traceparent
         FROM taken WHERE $7::boolean AND cardinality(secret_expressions) > 0`)}
       SELECT ${ASSIGNED_COLUMNS}, ${tellEvents('$9')} FROM taken`,
      parameters,
    );
    if (taken) return { outcome: 'acquired', assignment: assignmentOf(taken), isNew: true };
    return this.acquireAgain(taskId, holder, options.leaseMs);
  }

  /** The lease this process holds already, extended as by a heartbeat, or why it cannot have the task. */
  async acquireAgain(taskId: string, holder: Omit<Holder, 'delegateName'>, leaseMs: number): Promise<AcquireOutcome> {
    const [known] = await this.database.query<
      (AssignedRow & { state: string; is_mine: boolean; is_open: boolean; is_bound_elsewhere: boolean })[]
    >(
      `WITH mine AS (
         UPDATE tasks SET lease_until = now() + $5::int * interval '1 millisecond'
         WHERE id = $1 AND account_id = $2 AND state = 'ASSIGNED' AND delegate_id = $4 AND instance_id = $3 AND holder_key = $6 AND lease_until > now() RETURNING id)
       SELECT ${ASSIGNED_COLUMNS}, state, EXISTS (SELECT 1 FROM mine) AS is_mine,
         (state = 'QUEUED' AND queue_deadline > now() AND abort_requested_at IS NULL) AS is_open, coalesce(bound_delegate_id <> $4, false) AS is_bound_elsewhere
       FROM tasks WHERE id = $1 AND account_id = $2`,
      [taskId, holder.accountId, holder.instanceId, holder.delegateId, leaseMs, holder.publicKey],
    );
    if (!known) return { outcome: 'notAcquired', reason: 'unknown' };
    if (known.is_mine) return { outcome: 'acquired', assignment: assignmentOf(known), isNew: false };
    if (known.is_bound_elsewhere) return { outcome: 'notAcquired', reason: 'notEligible' };
    return { outcome: 'notAcquired', reason: known.state === 'ASSIGNED' ? 'taken' : 'ended' };
  }

  /** A queued task of the account, for the eligibility rules; undefined once it is taken or ended. */
  async findQueued(accountId: string, taskId: string): Promise<QueuedTaskRow | undefined> {
    const [row] = await this.database.query<QueuedTaskRow[]>(
      `SELECT ${QUEUED_COLUMNS} FROM tasks WHERE id = $1 AND account_id = $2 AND state = 'QUEUED' AND queue_deadline > now()`,
      [taskId, accountId],
    );
    return row;
  }

  /** Oldest first; a delegate is shown those it is eligible for. */
  async listQueued(accountId: string, limit: number): Promise<readonly QueuedTaskRow[]> {
    return this.database.query<QueuedTaskRow[]>(
      `SELECT ${QUEUED_COLUMNS} FROM tasks WHERE account_id = $1 AND state = 'QUEUED' AND queue_deadline > now() AND abort_requested_at IS NULL ORDER BY created_at LIMIT $2`,
      [accountId, limit],
    );
  }

  /** One statement per heartbeat: the delegate was heard of, and every lease it holds and that is still its own is extended. */
  async heartbeat(input: {
    delegateId: string;
    connectionId: string;
    held: readonly HeldLease[];
    runningTasks: number;
    leaseMs: number;
  }): Promise<LeaseReview> {
    const [row] = await this.database.query<
      {
        token_status: string | null;
        is_current: boolean;
        extended: { taskId: string; epoch: number; isAborting: boolean }[] | null;
      }[]
    >(
      `WITH held AS (SELECT * FROM unnest($3::text[], $4::int[]) AS h(task_id, epoch)),
       seen AS (UPDATE delegates SET last_heartbeat_at = now(), running_tasks = $5 WHERE id = $1 AND connection_id = $2 RETURNING token_id, public_key),
       extended AS (
         UPDATE tasks t SET lease_until = now() + $6::int * interval '1 millisecond' FROM held h
         WHERE t.id = h.task_id AND t.epoch = h.epoch AND t.delegate_id = $1 AND t.state = 'ASSIGNED' AND t.holder_key = (SELECT public_key FROM seen)
         RETURNING t.id, t.epoch, t.abort_requested_at)
       SELECT EXISTS (SELECT 1 FROM seen) AS is_current,
         (SELECT CASE WHEN k.revoke_after <= now() THEN 'REVOKED' ELSE k.status END FROM delegate_tokens k JOIN seen s ON s.token_id = k.id) AS token_status,
         (SELECT json_agg(json_build_object('taskId', id, 'epoch', epoch, 'isAborting', abort_requested_at IS NOT NULL)) FROM extended) AS extended`,
      [
        input.delegateId,
        input.connectionId,
        input.held.map(({ taskId }) => taskId),
        input.held.map(({ epoch }) => epoch),
        input.runningTasks,
        input.leaseMs,
      ],
    );
    return {
      isCurrentConnection: row?.is_current ?? false,
      isTokenActive: row?.token_status === 'ACTIVE',
      extended: row?.extended ?? [],
    };
  }

  /**
   * Records a result. `accepted` when the lease's epoch is current and the task has not ended; `late` when it was held once; `duplicate` when a
   * result of this epoch is known; `unknown` for anybody else. Result, end and event are one commit.
   * A result comes from the row that held the epoch, or from one of the same scope, token, name and host: a restarted process brings what its
   * predecessor had stored, and has a row of its own while that predecessor still counts as connected.
   */
  async recordResult(input: {
    accountId: string;
    delegateId: string;
    taskId: string;
    epoch: number;
    kind: string;
    resultJson: string;
  }): Promise<{ outcome: ResultOutcome; consumer: string | undefined }> {
    const [row] = await this.database.query<{ consumer: string; outcome: 'accepted' | 'late' | null }[]>(
      `WITH task AS (
         SELECT *, CASE WHEN state = 'ASSIGNED' AND epoch = $4::int THEN 'accepted' ELSE 'late' END AS verdict
         FROM tasks WHERE id = $1 AND account_id = $3 AND kind = $7 AND (holders[$4::int] = $2::text OR EXISTS (${RESTART_OF_HOLDER})) FOR UPDATE),
       recorded AS (
         INSERT INTO task_results (task_id, epoch, delegate_id, outcome, result) SELECT id, $4::int, $2::text, verdict, $5::text FROM task ON CONFLICT (task_id, epoch) DO NOTHING RETURNING outcome),
       ended AS (
         UPDATE tasks SET state = 'ENDED', outcome = 'completed', ended_at = now() WHERE id = $1 AND EXISTS (SELECT 1 FROM recorded WHERE outcome = 'accepted') RETURNING id),
       ${eventInsert(`
         SELECT t.consumer, t.id, t.account_id, t.org_id, t.project_id, 'ended', $4::int,
           jsonb_build_object('outcome', CASE r.outcome WHEN 'accepted' THEN 'completed' ELSE 'late' END, 'reason', '', 'delegateId', $2::text, 'hasResult', true,
             'delegateName', coalesce((SELECT name FROM delegates WHERE id = $2::text), t.delegate_name)), t.traceparent
         FROM task t, recorded r`)}
       SELECT consumer, (SELECT outcome FROM recorded) AS outcome, ${tellEvents('$6')} FROM task`,
      [
        input.taskId,
        input.delegateId,
        input.accountId,
        input.epoch,
        input.resultJson,
        this.bus.wrap({ type: 'events', consumer: '*' }),
        input.kind,
      ],
    );
    if (!row) return { outcome: 'unknown', consumer: undefined };
    return { outcome: row.outcome ?? 'duplicate', consumer: row.consumer };
  }

  /**
   * Asks for the secrets of a lease, once for as long as it is neither answered nor acknowledged.
   * @returns whom to tell; undefined when the lease is not held by this process any more
   */
  async askForSecrets(input: {
    taskId: string;
    epoch: number;
    instanceId: string;
    delegateId: string;
    publicKey: string;
  }): Promise<string | undefined> {
    const [row] = await this.database.query<{ consumer: string }[]>(
      `WITH task AS (SELECT * FROM tasks WHERE id = $1 AND epoch = $2 AND instance_id = $3 AND delegate_id = $4 AND holder_key = $5 AND state = 'ASSIGNED' AND lease_until > now()),
       ${eventInsert(`
         SELECT consumer, id, account_id, org_id, project_id, 'secretsWanted', epoch,
           jsonb_build_object('delegateId', $4::text, 'publicKey', $5::text, 'expressions', secret_expressions), traceparent FROM task t
         WHERE NOT EXISTS (SELECT 1 FROM task_events e WHERE e.task_id = t.id AND e.epoch = t.epoch AND e.consumer = t.consumer AND e.type = 'secretsWanted' AND e.body ->> 'publicKey' = $5::text)`)}
       SELECT consumer, ${tellEvents('$6')} FROM task`,
      [
        input.taskId,
        input.epoch,
        input.instanceId,
        input.delegateId,
        input.publicKey,
        this.bus.wrap({ type: 'events', consumer: '*' }),
      ],
    );
    return row?.consumer;
  }

  /** A request for secrets that has been answered needs no other answer. */
  async secretsAnswered(consumer: string, taskId: string, epoch: number): Promise<void> {
    await this.database.query(
      `DELETE FROM task_events WHERE task_id = $1 AND epoch = $2 AND consumer = $3 AND type = 'secretsWanted'`,
      [taskId, epoch, consumer],
    );
  }

  /** The delegate and connection's replica that hold this lease of a consumer's task now. */
  async holderOf(
    consumer: string,
    taskId: string,
    epoch: number,
  ): Promise<{ delegateId: string; replicaId: string | null } | undefined> {
    const [row] = await this.database.query<{ delegate_id: string; replica_id: string | null }[]>(
      `SELECT t.delegate_id, d.replica_id FROM tasks t JOIN delegates d ON d.id = t.delegate_id
       WHERE t.id = $1 AND t.epoch = $2 AND t.consumer = $3 AND t.state = 'ASSIGNED' AND t.lease_until > now()`,
      [taskId, epoch, consumer],
    );
    return row && { delegateId: row.delegate_id, replicaId: row.replica_id };
  }

  /**
   * A queued task ends at once; a held one is marked, and its delegate is to be told. An id that is not known to this account and consumer is withdrawn:
   * a submission of it that is still on its way is refused ({@link insert}). Withdrawn ids are kept as long as ended tasks.
   * @param times a delegate whose task ran out of time may be at work until its lease and the fence after it are over, unless it has answered
   */
  async abort(
    accountId: string,
    consumer: string,
    taskId: string,
    times: LeaseTimesReply = { leaseMs: 0, fenceMs: 0 },
  ): Promise<{ state: 'ASSIGNED' | 'ENDED' | 'UNKNOWN'; delegateId?: string; epoch?: number }> {
    const [row] = await this.database.query<
      { state: 'ASSIGNED' | 'ENDED'; delegate_id: string | null; epoch: number }[]
    >(
      `WITH aborted AS (
         UPDATE tasks SET abort_requested_at = coalesce(abort_requested_at, now()),
           outcome = CASE WHEN state = 'QUEUED' THEN 'aborted' ELSE outcome END, reason = CASE WHEN state = 'QUEUED' THEN 'aborted before a delegate had taken it' ELSE reason END,
           ended_at = CASE WHEN state = 'QUEUED' THEN now() ELSE ended_at END, state = CASE WHEN state = 'QUEUED' THEN 'ENDED' ELSE state END
         WHERE id = $1 AND account_id = $2 AND consumer = $3 AND state <> 'ENDED' RETURNING *),
       ${eventInsert(`
         SELECT consumer, id, account_id, org_id, project_id, 'ended', epoch, jsonb_build_object('outcome', outcome, 'reason', reason, 'delegateId', '', 'delegateName', ''), traceparent
         FROM aborted WHERE state = 'ENDED'`)}
       SELECT state, delegate_id, epoch, ${tellEvents('$4')} FROM aborted`,
      [taskId, accountId, consumer, this.bus.wrap({ type: 'events', consumer: '*' })],
    );
    if (row)
      return row.delegate_id && row.state === 'ASSIGNED'
        ? { state: row.state, delegateId: row.delegate_id, epoch: row.epoch }
        : { state: row.state };
    const [known] = await this.database.query<{ has_ended: boolean; may_be_at_work: boolean }[]>(
      `SELECT (state = 'ENDED') AS has_ended, (outcome = 'timedOut' AND greatest(lease_until, ended_at + $4::float8 * interval '1 millisecond') + $5::float8 * interval '1 millisecond' > now() AND NOT EXISTS (SELECT 1 FROM task_results r WHERE r.task_id = t.id AND r.epoch = t.epoch)) IS TRUE AS may_be_at_work
       FROM tasks t WHERE id = $1 AND account_id = $2 AND consumer = $3`,
      // A heartbeat that came while the time limit ended it may have renewed the lease for longer than that.
      [taskId, accountId, consumer, times.leaseMs, times.fenceMs],
    );
    if (known?.has_ended) return { state: known.may_be_at_work ? 'ASSIGNED' : 'ENDED' };
    if (!known && (await this.withdraw(accountId, consumer, taskId))) return { state: 'UNKNOWN' };
    // The task has arrived in between.
    return this.abort(accountId, consumer, taskId, times);
  }

  /** @returns false when the task has arrived by now */
  private withdraw(accountId: string, consumer: string, taskId: string): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      await keepApart(manager, taskId);
      const rows = await manager.query<unknown[]>(
        `INSERT INTO withdrawn_tasks (task_id, account_id, consumer)
         SELECT $1::text, $2::text, $3::text WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE id = $1 AND account_id = $2 AND consumer = $3)
         ON CONFLICT (task_id, account_id, consumer) DO UPDATE SET withdrawn_at = now() RETURNING task_id`,
        [taskId, accountId, consumer],
      );
      return rows.length > 0;
    });
  }
}

function assignmentOf(row: AssignedRow): Assignment {
  return {
    taskId: row.id,
    epoch: row.epoch,
    kind: row.kind,
    payload: row.payload,
    consumer: row.consumer,
    traceparent: row.traceparent,
    isAborting: row.is_aborting,
  };
}
