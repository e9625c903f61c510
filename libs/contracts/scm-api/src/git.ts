import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';

/** How scm reaches a repository. NG manager resolves the connector; the credentials are passed in plain over this one internal hop and never stored. */
export const repositoryAccess = z.object({
  url: z.string().min(1),
  username: z.string().optional(),
  password: z.string().optional(),
});
export type RepositoryAccess = z.infer<typeof repositoryAccess>;

const base = { style: 'internal', access: 'service', callers: ['ng-manager'] } as const;

/** Errors: GIT_CONNECTION_ERROR (with a remedy), GIT_FILE_NOT_FOUND, PATH_OUTSIDE_REPOSITORY, PAYLOAD_TOO_LARGE over 1 MiB. */
export const readRepositoryFile = defineRoute({
  ...base,
  id: 'readRepositoryFile',
  method: 'POST',
  path: '/scm/files/read',
  summary: 'Read one file at a ref',
  body: z.object({ repository: repositoryAccess, ref: z.string().min(1).max(256), path: z.string().min(1).max(1024) }),
  response: z.object({ path: z.string(), commit: z.string(), content: z.string(), sizeBytes: z.number().int() }),
});

export const listBranches = defineRoute({
  ...base,
  id: 'listBranches',
  method: 'POST',
  path: '/scm/branches/list',
  summary: 'List branches',
  body: z.object({
    repository: repositoryAccess,
    search: z.string().max(256).optional(),
    limit: z.number().int().min(1).max(1000).default(100),
  }),
  response: z.object({
    branches: z.array(z.object({ name: z.string(), commit: z.string() })),
    defaultBranch: z.string().nullable(),
  }),
});

export const listCommits = defineRoute({
  ...base,
  id: 'listCommits',
  method: 'POST',
  path: '/scm/commits/list',
  summary: 'List commits of a ref, newest first',
  body: z.object({
    repository: repositoryAccess,
    ref: z.string().min(1).max(256),
    limit: z.number().int().min(1).max(100).default(20),
  }),
  response: z.object({
    commits: z.array(z.object({ sha: z.string(), author: z.string(), at: z.number().int(), subject: z.string() })),
  }),
});

/** The whole contract of scm. */
export const scmRoutes = [readRepositoryFile, listBranches, listCommits] as const;
