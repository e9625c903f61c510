import { v1PageQuery } from '@sluice/api-conventions';
import { z } from 'zod';

/** Path of a project's DB DevOps routes as the gateway forwards them. */
export const PROJECT = '/v1/orgs/:org/projects/:project';
export const SCHEMA = `${PROJECT}/dbschema/:dbschema` as const;
/** Entity routes, logs and deployed state say `instance`. */
export const INSTANCE = `${SCHEMA}/instance/:dbinstance` as const;
/** Every newer read route says `dbinstance`. */
export const DB_INSTANCE = `${SCHEMA}/dbinstance/:dbinstance` as const;
export const DBOPS = '/v1/dbops';

const segment = z.string().min(1).max(128);

export const projectPath = z.object({ org: segment, project: segment });
export const schemaPath = z.object({ org: segment, project: segment, dbschema: segment });
export const instancePath = z.object({ org: segment, project: segment, dbschema: segment, dbinstance: segment });

/** Clients append account, org, project and routing ids to every call; other unknown keys are dropped, never refused. */
export const accountKey = { accountIdentifier: z.string().optional() };
export const plainQuery = z.object(accountKey);

/** Scope of account-level routes, by query. */
export const scopeKeys = {
  ...accountKey,
  orgIdentifier: z.string().optional(),
  projectIdentifier: z.string().optional(),
};
export const scopedQuery = z.object(scopeKeys);

export const pageQuery = z.object({ ...accountKey, ...v1PageQuery });
const searchTerm = { search_term: z.string().max(256).optional() };
export const pageSearchQuery = z.object({ ...accountKey, ...v1PageQuery, ...searchTerm });

/** What the list routes of schemas and instances take. */
export const listKeys = {
  ...v1PageQuery,
  ...searchTerm,
  sort: z.enum(['name', 'updated', 'created']).default('created'),
  order: z.enum(['ASC', 'DESC']).default('DESC'),
};

/** What is kept and what Sluice does not do with it, by field. In the answers to saves and single reads; absent when there is nothing to say. */
export const warnings = z.array(z.object({ field: z.string(), message: z.string() })).optional();

/** Seconds since the Unix epoch: every time of the public DB DevOps API. */
export const epochSeconds = z.int();
