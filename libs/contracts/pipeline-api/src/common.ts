import { queryList } from '@sluice/api-conventions';
import { z } from 'zod';

/** Query of every `/pipeline/api` row (api-contract 4): project scope, all three required. Git keys and others are accepted and dropped. */
export const projectQuery = { accountIdentifier: z.string().min(1), orgIdentifier: z.string().min(1), projectIdentifier: z.string().min(1) } as const;

export const projectOnly = z.object(projectQuery);

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
});

export const entityValidityDetails = z.object({ valid: z.boolean(), invalidYaml: z.string().nullable() });

export const EXECUTION_STATUSES = [
  'NotStarted', 'Queued', 'Running', 'TaskWaiting', 'ResourceWaiting', 'Discontinuing',
  'Success', 'IgnoreFailed', 'Skipped', 'Failed', 'Errored', 'Expired', 'Aborted',
] as const;
export const executionStatus = z.enum(EXECUTION_STATUSES);
export type ExecutionStatus = z.infer<typeof executionStatus>;

export const statusFilter = queryList.optional();
