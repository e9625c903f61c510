import { scopeColumns, type Scope } from '@sluice/kernel';
import { containing } from '@sluice/persistence';
import type { EntityManager } from 'typeorm';
import type { Visible } from '../access/permission.js';
import { eventOfRow, type AuditRow } from './audit-row.js';
import { NO_EVENTS, type ChainHead, type ChainedEvent } from './chain.js';

/** What of an account's trail is wanted. Lists mean "one of these"; undefined or empty means any. */
export interface AuditSearch {
  readonly visible: Visible;
  readonly scopes: readonly Scope[];
  readonly resources: readonly { readonly type: string; readonly identifier: string | undefined }[];
  readonly modules: readonly string[];
  readonly actions: readonly string[];
  readonly principals: readonly { readonly type: string; readonly identifier: string }[];
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly term: string | undefined;
}

export interface AuditPlace {
  readonly isOldestFirst: boolean;
  /** Position of the last event seen. */
  readonly behind: number | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Totals are counted up to here: a client pages through the newest, or narrows the search. */
export const MOST_COUNTED = 10_000;

/** The audit trail as people and checks read it; every query is of one account. */
export class AuditReads {
  constructor(private readonly manager: EntityManager) {}

  async page(accountId: string, search: AuditSearch, place: AuditPlace): Promise<ChainedEvent[]> {
    const { conditions, values, value } = whereOf(accountId, search);
    const order = place.isOldestFirst ? 'ASC' : 'DESC';
    if (place.behind !== undefined)
      conditions.push(`position ${place.isOldestFirst ? '>' : '<'} ${value(place.behind)}`);
    const rows = await this.manager.query<AuditRow[]>(
      // Which events first, by indexes alone; then the events.
      `SELECT * FROM audit_events WHERE account_id = $1 AND position = ANY(ARRAY(
         SELECT position FROM audit_events WHERE ${conditions.join(' AND ')} ORDER BY position ${order} LIMIT ${value(place.limit)} OFFSET ${value(place.offset)}))
       ORDER BY position ${order}`,
      values,
    );
    return rows.map(eventOfRow);
  }

  /** How many there are, at most {@link MOST_COUNTED}. */
  async count(accountId: string, search: AuditSearch): Promise<number> {
    const { conditions, values, value } = whereOf(accountId, search);
    const [row] = await this.manager.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM (SELECT 1 FROM audit_events WHERE ${conditions.join(' AND ')} LIMIT ${value(MOST_COUNTED)}) AS counted`,
      values,
    );
    return row?.count ?? 0;
  }

  async find(accountId: string, eventId: string): Promise<ChainedEvent | undefined> {
    const [row] = await this.manager.query<AuditRow[]>(
      'SELECT * FROM audit_events WHERE account_id = $1 AND event_id = $2',
      [accountId, eventId],
    );
    return row && eventOfRow(row);
  }

  /** Where the chain ends, as the last append left it. */
  async head(accountId: string): Promise<ChainHead> {
    const [row] = await this.manager.query<ChainHead[]>(
      'SELECT position::float8 AS position, hash FROM audit_chains WHERE account_id = $1',
      [accountId],
    );
    return row ?? NO_EVENTS;
  }

  /** The next events of the chain in order, from `position` on. */
  async chainFrom(accountId: string, position: number, limit: number): Promise<ChainedEvent[]> {
    const rows = await this.manager.query<AuditRow[]>(
      'SELECT * FROM audit_events WHERE account_id = $1 AND position >= $2 ORDER BY position LIMIT $3',
      [accountId, position, limit],
    );
    return rows.map(eventOfRow);
  }
}

function whereOf(
  accountId: string,
  search: AuditSearch,
): { conditions: string[]; values: unknown[]; value: (of: unknown) => string } {
  const values: unknown[] = [];
  const value = (of: unknown): string => `$${values.push(of)}`;
  const conditions = [`account_id = ${value(accountId)}`];
  conditions.push(seenBy(search.visible, value));
  if (search.scopes.length > 0) conditions.push(oneOf(search.scopes.map((scope) => insideOf(scope, value))));
  if (search.resources.length > 0) {
    conditions.push(
      oneOf(
        search.resources.map(
          ({ type, identifier }) =>
            `(resource_type = ${value(type)}${identifier === undefined ? '' : ` AND resource_identifier = ${value(identifier)}`})`,
        ),
      ),
    );
  }
  if (search.modules.length > 0) conditions.push(`module = ANY(${value(search.modules)})`);
  if (search.actions.length > 0) conditions.push(`action = ANY(${value(search.actions)})`);
  if (search.principals.length > 0) {
    conditions.push(
      oneOf(
        search.principals.map(
          ({ type, identifier }) =>
            `(actor_key = ${value(identifier.toLowerCase())} AND actor ->> 'type' = ${value(type)})`,
        ),
      ),
    );
  }
  if (search.from !== undefined) conditions.push(`at >= ${value(new Date(search.from))}`);
  if (search.until !== undefined) conditions.push(`at <= ${value(new Date(search.until))}`);
  if (search.term) conditions.push(`search_text LIKE ${value(containing(search.term.toLowerCase()))}`);
  return { conditions, values, value };
}

/** The condition for rows of scopes somebody may see. @param value adds a value to the statement's and answers its place */
export function seenBy(visible: Visible, value: (of: unknown) => string): string {
  if (visible === 'all') return 'true';
  const { orgIds, projects } = visible;
  return oneOf([
    `org_id = ANY(${value([...orgIds])})`,
    ...projects.map(([orgId, projectId]) => `(org_id = ${value(orgId)} AND project_id = ${value(projectId)})`),
  ]);
}

/** The condition for rows of `scope` and what is below it. */
export function insideOf(scope: Scope, value: (of: unknown) => string): string {
  const { orgId, projectId } = scopeColumns(scope);
  if (orgId === null) return 'true';
  return projectId === null
    ? `org_id = ${value(orgId)}`
    : `(org_id = ${value(orgId)} AND project_id = ${value(projectId)})`;
}

function oneOf(conditions: readonly string[]): string {
  return `(${conditions.join(' OR ')})`;
}
