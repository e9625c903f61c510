import { defineRoute, projectParams } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs } from './places.js';

/**
 * Looks into the repositories of Git connectors from the control plane (through scm). Our own extension: unknown query keys are
 * tolerated like everywhere below `/v1`.
 */
const ref = z.string().min(1).max(256);
const account = { accountIdentifier: z.string().optional() };

/** The changelog as it is at a ref; without one, at HEAD. Errors: GIT_CONNECTION_ERROR, GIT_FILE_NOT_FOUND. */
export const changelogPreview = defineRoute({
  id: 'changelogPreview',
  method: 'GET',
  path: '/v1/orgs/:org/projects/:project/dbschema/:dbschema/changelog-preview',
  summary: 'Read the changelog of a DB schema at a ref',
  style: 'v1',
  access: { permission: 'dbschema.view' },
  params: z.object({ ...projectParams, dbschema: z.string().min(1).max(128) }),
  query: z.object({ ...account, ref: ref.default('HEAD') }),
  response: z.object({ path: z.string(), commit: z.string(), content: z.string(), sizeBytes: z.int() }),
});

const ofConnector = z.object({ ...projectParams, connector: z.string().min(1).max(256) });

/** `connector` is a reference as seen from the project; `repo` completes the URL of an account connector. */
export const connectorBranches = defineRoute({
  id: 'connectorBranches',
  method: 'GET',
  path: '/v1/orgs/:org/projects/:project/connectors/:connector/branches',
  summary: 'Branches of a Git connector',
  style: 'bare',
  access: { permission: 'connector.access' },
  params: ofConnector,
  query: z.object({
    ...account,
    repo: z.string().max(512).optional(),
    search_term: z.string().max(256).optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  }),
  response: z.object({
    branches: z.array(z.object({ name: z.string(), commit: z.string() })),
    defaultBranch: z.string().nullable(),
  }),
});

export const connectorCommits = defineRoute({
  id: 'connectorCommits',
  method: 'GET',
  path: '/v1/orgs/:org/projects/:project/connectors/:connector/commits',
  summary: 'Commits of a branch of a Git connector, newest first',
  style: 'bare',
  access: { permission: 'connector.access' },
  params: ofConnector,
  query: z.object({
    ...account,
    repo: z.string().max(512).optional(),
    ref: ref.default('HEAD'),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  }),
  response: z.object({
    commits: z.array(z.object({ sha: z.string(), author: z.string(), at: epochMs, subject: z.string() })),
  }),
});
