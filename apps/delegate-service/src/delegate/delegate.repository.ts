import { Injectable } from '@nestjs/common';
import type { Candidate } from '@sluice/delegate-selection';
import { newId, scopeColumns, type Scope } from '@sluice/kernel';
import { DataSource, type EntityManager } from 'typeorm';
import { scopeOfRow, type ScopeRow } from '../database.js';
import type { Arrival } from '../security/delegate-visits.js';

export interface DelegateRow extends ScopeRow {
  readonly id: string;
  readonly name: string;
  readonly host_name: string;
  readonly instance_id: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly task_kinds: readonly string[];
  readonly max_tasks: number;
  readonly is_connected: boolean;
  readonly is_draining: boolean;
  readonly last_heartbeat_at: Date;
  readonly token_name: string | null;
  /** Leases the service knows of. */
  readonly held_tasks: number;
}

/** What a delegate says of itself when it connects, and the connection it came by. */
export interface Registration {
  readonly instanceId: string;
  readonly name: string;
  readonly hostName: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly taskKinds: readonly string[];
  readonly maxTasks: number;
  readonly publicKey: string;
  /** Whether it has shown that it holds the key. */
  readonly isKeyProven: boolean;
  readonly tokenId: string;
  readonly connectionId: string;
  readonly replicaId: string;
}

/** Delegates by scope. A delegate counts as connected while its connection is open and it was heard of within `silentMs`. */
@Injectable()
export class DelegateRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Registers a connection and returns the delegate's id. Who comes back gets its own row, any other a new one:
   * - the same process: instance id and sealing key in one scope. The key is proven, or it never was and the token is the same;
   * - a restart: the same token, name and host, while no process with that row is connected.
   * What a delegate says of itself (instance id, name, host, tags) never leads to a row of another token's scope. The new connection replaces any older one.
   * @param alongside is done in the same transaction, last
   */
  async register(
    scope: Scope,
    registration: Registration,
    silentMs: number,
    alongside?: (manager: EntityManager, arrival: Arrival) => Promise<void>,
  ): Promise<string> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    const r = registration;
    return this.database.transaction(async (manager) => {
      // Two processes of one name must not both take over the same row.
      await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
        `delegate ${accountId} ${r.name} ${r.hostName}`,
      ]);
      const [known] = await manager.query<KnownRow[]>(
        `SELECT id, public_key, token_id, instance_id FROM (
           SELECT id, public_key, token_id, instance_id, last_heartbeat_at, is_key_proven, (instance_id = $4 AND public_key = $9 AND ($10::boolean OR (NOT is_key_proven AND token_id = $8))) AS is_same_process,
             (token_id = $8 AND name = $5 AND host_name = $6 AND (connection_id IS NULL OR last_heartbeat_at < now() - $7::float8 * interval '1 millisecond')) AS is_restart
           FROM delegates WHERE account_id = $1 AND org_id IS NOT DISTINCT FROM $2 AND project_id IS NOT DISTINCT FROM $3 AND (instance_id = $4 OR (name = $5 AND host_name = $6))) AS kin
         WHERE is_same_process OR is_restart ORDER BY is_same_process DESC, is_key_proven DESC, last_heartbeat_at DESC LIMIT 1`,
        [
          accountId,
          orgId,
          projectId,
          r.instanceId,
          r.name,
          r.hostName,
          silentMs,
          r.tokenId,
          r.publicKey,
          r.isKeyProven,
        ],
      );
      const id = known?.id ?? newId();
      await manager.query(
        `INSERT INTO delegates (id, account_id, org_id, project_id, name, host_name, instance_id, token_id, version, tags, task_kinds, max_tasks, public_key, connection_id, replica_id, is_key_proven)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET org_id = $3, project_id = $4, name = $5, host_name = $6, instance_id = $7, token_id = $8, version = $9, tags = $10, task_kinds = $11,
           max_tasks = $12, public_key = $13, connection_id = $14, replica_id = $15, is_key_proven = $16, is_draining = false, connected_at = now(), last_heartbeat_at = now()`,
        [
          id,
          accountId,
          orgId,
          projectId,
          r.name,
          r.hostName,
          r.instanceId,
          r.tokenId,
          r.version,
          r.tags,
          r.taskKinds,
          r.maxTasks,
          r.publicKey,
          r.connectionId,
          r.replicaId,
          r.isKeyProven,
        ],
      );
      await alongside?.(manager, arrivalOf(id, r, known));
      return id;
    });
  }

  /** Ignored when a newer connection has taken over: a late close must not mark a reconnected delegate as gone. */
  async disconnect(delegateId: string, connectionId: string): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `WITH gone AS (UPDATE delegates SET connection_id = NULL, replica_id = NULL WHERE id = $1 AND connection_id = $2 RETURNING id) SELECT id FROM gone`,
      [delegateId, connectionId],
    );
    return rows.length > 0;
  }

  async markDraining(delegateId: string, connectionId: string): Promise<void> {
    await this.database.query(`UPDATE delegates SET is_draining = true WHERE id = $1 AND connection_id = $2`, [
      delegateId,
      connectionId,
    ]);
  }

  /** Every delegate of the account, for the selection rules. */
  async candidates(accountId: string, silentMs: number): Promise<readonly Candidate[]> {
    const rows = await this.select(`d.account_id = $2`, [silentMs, accountId]);
    return rows.map(candidateOf);
  }

  async candidate(delegateId: string, silentMs: number): Promise<Candidate | undefined> {
    const [row] = await this.select(`d.id = $2`, [silentMs, delegateId]);
    return row && candidateOf(row);
  }

  /** Delegates whose token was made in exactly this scope. */
  async list(scope: Scope, silentMs: number): Promise<readonly DelegateRow[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    return this.select(
      `d.account_id = $2 AND d.org_id IS NOT DISTINCT FROM $3 AND d.project_id IS NOT DISTINCT FROM $4`,
      [silentMs, accountId, orgId, projectId],
    );
  }

  /** Delegates of the scope, of those above it and of those below it. */
  async listAround(scope: Scope, silentMs: number): Promise<readonly DelegateRow[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    return this.select(
      `d.account_id = $2 AND ($3::text IS NULL OR d.org_id IS NULL OR d.org_id = $3) AND ($4::text IS NULL OR d.project_id IS NULL OR d.project_id = $4)`,
      [silentMs, accountId, orgId, projectId],
    );
  }

  /** Forgets delegates nobody has heard of for `hours` and that hold nothing. */
  async forgetGone(hours: number): Promise<void> {
    await this.database.query(
      `DELETE FROM delegates d WHERE (connection_id IS NULL OR last_heartbeat_at < now() - interval '1 hour') AND last_heartbeat_at < now() - $1::float8 * interval '1 hour'
         AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.delegate_id = d.id AND t.state = 'ASSIGNED')`,
      [hours],
    );
  }

  private select(where: string, parameters: readonly unknown[]): Promise<DelegateRow[]> {
    return this.database.query<DelegateRow[]>(
      `SELECT d.id, d.account_id, d.org_id, d.project_id, d.name, d.host_name, d.instance_id, d.version, d.tags, d.task_kinds, d.max_tasks, d.is_draining, d.last_heartbeat_at,
         t.name AS token_name,
         (d.connection_id IS NOT NULL AND d.last_heartbeat_at > now() - $1::float8 * interval '1 millisecond') AS is_connected,
         (SELECT count(*)::int FROM tasks h WHERE h.delegate_id = d.id AND h.state = 'ASSIGNED' AND h.lease_until > now()) AS held_tasks
       FROM delegates d LEFT JOIN delegate_tokens t ON t.id = d.token_id
       WHERE ${where} ORDER BY d.created_at, d.id`,
      [...parameters],
    );
  }
}

interface KnownRow {
  readonly id: string;
  readonly public_key: string;
  readonly token_id: string;
  readonly instance_id: string;
}

function arrivalOf(
  delegateId: string,
  { name, hostName, version, publicKey, instanceId, tokenId }: Registration,
  known: KnownRow | undefined,
): Arrival {
  const isOther = {
    sealingKey: known?.public_key !== publicKey,
    delegateToken: known?.token_id !== tokenId,
    instance: known?.instance_id !== instanceId,
  } as const;
  const changed = known ? (['sealingKey', 'delegateToken', 'instance'] as const).filter((what) => isOther[what]) : [];
  return { delegateId, name, hostName, version, publicKey, isNew: !known, changed };
}

function candidateOf(row: DelegateRow): Candidate {
  return {
    id: row.id,
    name: row.name,
    hostName: row.host_name,
    scope: scopeOfRow(row),
    tags: row.tags,
    taskKinds: row.task_kinds,
    isConnected: row.is_connected,
    isDraining: row.is_draining,
    heldTasks: row.held_tasks,
    maxTasks: row.max_tasks,
  };
}
