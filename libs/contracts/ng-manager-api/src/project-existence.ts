import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';

const existence = z.object({
  hasOrg: z.boolean(),
  hasProject: z.boolean(),
  /** Tells the project from one of the same name before or after it; null when there is none. */
  uniqueId: z.string().nullable(),
});
export type ProjectExistence = z.infer<typeof existence>;

/** Is there such an organization in the caller's account, and such a project in it? Never an error for what there is not. */
export const projectExistence = defineRoute({
  id: 'projectExistence',
  method: 'GET',
  path: '/ng-manager/internal/projects/existence',
  summary: 'Whether an organization and a project of it exist',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  query: z.object({ orgId: z.string().min(1), projectId: z.string().min(1) }),
  response: existence,
});
