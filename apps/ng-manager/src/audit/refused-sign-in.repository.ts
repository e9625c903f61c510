import type { AuditActor } from '@sluice/api-conventions';
import type { EntityManager } from 'typeorm';

/** A sign-in that was refused, of an account there is. */
export interface RefusedSignIn {
  readonly accountId: string;
  /** Empty for a key there is not. */
  readonly keyId: string;
  readonly clientAddress: string;
  readonly code: string;
  readonly actor: AuditActor;
}

/** A minute that is over, with what came after its first refusal. */
export interface RefusedWindow extends RefusedSignIn {
  readonly minute: Date;
  readonly repeats: number;
  readonly lastAt: Date;
}

/** Counts refusals per key, address and minute, so that an attack writes few events and each refusal counts. */
export class RefusedSignInRepository {
  constructor(private readonly manager: EntityManager) {}

  /** @returns true for the first of its minute */
  async count({ accountId, keyId, clientAddress, code, actor }: RefusedSignIn): Promise<boolean> {
    const [row] = await this.manager.query<{ repeats: number }[]>(
      `INSERT INTO refused_sign_ins AS r (account_id, key_id, client_address, minute, code, last_at, actor)
       VALUES ($1, $2, $3, date_trunc('minute', clock_timestamp()), $4, clock_timestamp(), $5)
       ON CONFLICT (account_id, key_id, client_address, minute) DO UPDATE SET repeats = r.repeats + 1, code = excluded.code, last_at = excluded.last_at
       RETURNING repeats`,
      [accountId, keyId, clientAddress, code, JSON.stringify(actor)],
    );
    return row?.repeats === 0;
  }

  /** Takes out the windows that are over, at most `limit`; others may do the same at the same time. */
  async takeEnded(limit: number): Promise<RefusedWindow[]> {
    const [rows] = await this.manager.query<[WindowRow[], number]>(
      `DELETE FROM refused_sign_ins WHERE (account_id, key_id, client_address, minute) IN (
         SELECT account_id, key_id, client_address, minute FROM refused_sign_ins WHERE minute < date_trunc('minute', clock_timestamp())
         ORDER BY minute LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING *`,
      [limit],
    );
    return rows.map((row) => ({
      accountId: row.account_id,
      keyId: row.key_id,
      clientAddress: row.client_address,
      minute: row.minute,
      code: row.code,
      repeats: row.repeats,
      lastAt: row.last_at,
      actor: row.actor,
    }));
  }
}

interface WindowRow {
  readonly account_id: string;
  readonly key_id: string;
  readonly client_address: string;
  readonly minute: Date;
  readonly code: string;
  readonly repeats: number;
  readonly last_at: Date;
  readonly actor: AuditActor;
}
