import { defineRoute, scopeQuery } from '@sluice/api-conventions';
import { z } from 'zod';

/** The documents there is a JSON schema of. */
export const YAML_ENTITY_TYPES = ['Organizations', 'Projects', 'Connectors', 'Secrets', 'Pipelines'] as const;
export type YamlEntityType = (typeof YAML_ENTITY_TYPES)[number];

/**
 * JSON schema (draft 7) of an entity's YAML, made from the schema requests are checked with; `definitions.<root>` holds it in sections by name. Holds nothing of
 * any account.
 */
export const getYamlSchema = defineRoute({
  id: 'getYamlSchema',
  method: 'GET',
  path: '/ng/api/yaml-schema',
  summary: 'JSON schema of the YAML of an entity',
  style: 'ng',
  access: 'authenticated',
  query: z.object({
    ...scopeQuery,
    entityType: z.enum(YAML_ENTITY_TYPES, `must be one of ${YAML_ENTITY_TYPES.join(', ')}`),
    /** Where the entity will live: narrows which of orgIdentifier and projectIdentifier it may name. */
    scope: z.enum(['account', 'org', 'project'], 'must be account, org or project').optional(),
    /** Fixes the entity's identifier in the schema. */
    identifier: z.string().max(128).optional(),
  }),
  response: z.object({ schema: z.record(z.string(), z.unknown()) }),
});
