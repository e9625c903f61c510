import { auditEventRecord, defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';

/** Most removed projects of one answer. */
export const MOST_REMOVED = 100;

const removedProject = z.object({
  /** Order of removal; names it in a confirmation. */
  position: z.int(),
  accountId: z.string(),
  orgId: z.string(),
  projectId: z.string(),
  /** Tells it from another project of the same name. */
  uniqueId: z.string(),
  /** Who removed it, and the request in which. */
  removedBy: auditEventRecord.shape.actor,
  correlationId: z.string(),
});
export type RemovedProject = z.output<typeof removedProject>;

/**
 * Projects of every account that were removed and whose contents pipeline has not confirmed to be gone, oldest first. Until then nobody can make
 * another project of the same name.
 */
export const listRemovedProjects = defineRoute({
  id: 'listRemovedProjects',
  method: 'GET',
  path: '/ng-manager/internal/removed-projects',
  summary: 'Projects that were removed and still have pipelines',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  query: z.object({ after: z.coerce.number().int().min(0).default(0) }),
  response: z.object({ projects: z.array(removedProject).max(MOST_REMOVED) }),
});

/** Nothing of the project is left in pipeline: its name is free. Idempotent. */
export const confirmRemovedProject = defineRoute({
  id: 'confirmRemovedProject',
  method: 'POST',
  path: '/ng-manager/internal/removed-projects/confirm',
  summary: 'Free the name of a removed project',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  body: z.object({ position: z.int() }),
  response: z.object({ isFree: z.boolean() }),
});
