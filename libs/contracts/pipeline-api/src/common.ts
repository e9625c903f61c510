import { queryList } from '@sluice/api-conventions';
import { z } from 'zod';

/** Query of every `/pipeline/api` row (api-contract 4): project scope, all three required. Git keys and others are accepted and dropped. */
export const projectQuery = {
  accountIdentifier: z.string().min(1),
  orgIdentifier: z.string().min(1),
  projectIdentifier: z.string().min(1),
} as const;

export const projectOnly = z.object(projectQuery);

/** Fields of the YAML that are taken and have no effect: which, and why. Absent when there are none. */
export const yamlWarnings = z.array(z.object({ field: z.string(), message: z.string() })).optional();

const gitText = z.string().max(1024).optional();

/** The "Git query" of api-contract 4. Entities are kept inline: these keys are taken and change nothing. */
export const gitQuery = {
  branch: gitText,
  repoIdentifier: gitText,
  repoName: gitText,
  connectorRef: gitText,
  storeType: gitText,
  rootFolder: gitText,
  filePath: gitText,
  commitMsg: gitText,
  isNewBranch: gitText,
  baseBranch: gitText,
  lastObjectId: gitText,
  lastCommitId: gitText,
  isHarnessCodeRepo: gitText,
} as const;

export const projectAndGit = z.object({ ...projectQuery, ...gitQuery });

/** Identifier of something the client names; what it may hold is checked where it is created. */
export const pathIdentifier = z.string().min(1).max(256);

/** `field` or `field,DESC`, once or repeatedly. */
export const sortQuery = queryList.optional();

/** Text that is searched for. */
export const searchText = z.string().max(256).optional();

/** Where a value of the request came from Git and cannot be served. */
export const gitBody = z.looseObject({ store_type: z.string().max(32).nullish() }).nullish();

/** YAML, or JSON text labelled as either; may be empty. */
export const yamlBody = z.string().max(1_048_576, 'must be at most 1 MiB').optional().default('');

/** Bodies clients send along out of habit (`{orgIdentifier, projectIdentifier}`). */
export const ignoredBody = z.looseObject({}).nullish();

export const tagMapOut = z.record(z.string(), z.string());

export const gitDetails = z.object({
  objectId: z.string().nullable(),
  branch: z.string().nullable(),
  repoIdentifier: z.string().nullable(),
  rootFolder: z.string().nullable(),
  filePath: z.string().nullable(),
  repoName: z.string().nullable(),
});

export const governanceMetadata = z.object({
  id: z.string(),
  deny: z.boolean(),
  status: z.enum(['pass', 'warning', 'error']),
  message: z.string(),
  timestamp: z.number().int(),
  created: z.number().int(),
  type: z.string(),
  entity: z.string(),
  action: z.string(),
  accountId: z.string(),
  orgId: z.string(),
  projectId: z.string(),
  details: z.array(z.unknown()),
  /** The same list under the name the Go SDK knows. */
  detailsList: z.array(z.unknown()),
});

export const entityValidityDetails = z.object({ valid: z.boolean(), invalidYaml: z.string().nullable() });

export const EXECUTION_STATUSES = [
  'NotStarted',
  'Queued',
  'Running',
  'TaskWaiting',
  'ResourceWaiting',
  'Discontinuing',
  'Success',
  'IgnoreFailed',
  'Skipped',
  'Failed',
  'Errored',
  'Expired',
  'Aborted',
] as const;
export const executionStatus = z.enum(EXECUTION_STATUSES);

export const statusFilter = queryList.optional();
