import { defineRoute, entityName, identifier, ngPage, scopeFromQueryOrBody, tagMap } from '@sluice/api-conventions';
import { z } from 'zod';
import { pathIdentifier, projectOnly, searchText } from './common.js';

const tags = z
  .array(z.strictObject({ key: z.string().min(1).max(128), value: z.string().max(128).nullish() }))
  .max(128)
  .nullish();
/** Modules have no properties of their own here, so a filter by them would narrow nothing. */
const moduleProperties = z.strictObject({}, 'is not a filter here: leave it out, or send {}').nullish();

/** What a stored filter of the list of pipelines narrows by. All of it must hold; `tags` and `pipelineTags` are tags of the pipeline. */
export const pipelineSetupFilter = z.strictObject({
  filterType: z.literal('PipelineSetup'),
  name: searchText.nullable(),
  description: searchText.nullable(),
  pipelineIdentifiers: z.array(z.string().max(256)).max(1000).nullish(),
  pipelineTags: tags,
  tags: tagMap.nullish(),
  moduleProperties,
});

const names = z.array(z.string().max(256)).max(1000).nullish();
/** What stages are filed under, as references: one of each kind that names some must be there. */
const filedUnder = { serviceIdentifiers: names, envIdentifiers: names, infrastructureIdentifiers: names };
/** In a list, what is not known is ignored. */
export const listedModuleProperties = z.looseObject({ cd: z.looseObject(filedUnder).nullish() }).nullish();

/** The same for lists of executions. Times in milliseconds since the epoch, both inclusive. */
export const pipelineExecutionFilter = z.strictObject({
  filterType: z.literal('PipelineExecution'),
  status: z.array(z.string().max(64)).max(64).nullish(),
  pipelineName: searchText.nullable(),
  timeRange: z.looseObject({ startTime: z.number().nullish(), endTime: z.number().nullish() }).nullish(),
  pipelineTags: tags,
  tags: tagMap.nullish(),
  moduleProperties: z
    .strictObject(
      { cd: z.strictObject(filedUnder).nullish() },
      'filters by cd.serviceIdentifiers, cd.envIdentifiers and cd.infrastructureIdentifiers alone',
    )
    .nullish(),
});

export const filterProperties = z.discriminatedUnion(
  'filterType',
  [pipelineSetupFilter, pipelineExecutionFilter],
  'filterType must be PipelineSetup or PipelineExecution',
);
export type FilterProperties = z.infer<typeof filterProperties>;
export type FilterType = FilterProperties['filterType'];

/** `OnlyCreator`: to everybody else there is no such filter. */
export const filterVisibility = z.enum(['EveryOne', 'OnlyCreator']);

/** A stored filter. Its type is that of its properties; identifiers are unique per project and type. */
export const storedFilter = z.object({
  name: z.string(),
  identifier: z.string(),
  orgIdentifier: z.string(),
  projectIdentifier: z.string(),
  filterProperties,
  filterVisibility,
});
export type StoredFilter = z.infer<typeof storedFilter>;

const root = '/pipeline/api/filters';
const view = { permission: 'pipeline.view' } as const;
const params = z.object({ identifier: pathIdentifier });
const type = z.enum(['PipelineSetup', 'PipelineExecution'], 'must be PipelineSetup or PipelineExecution');
/** The project comes from query and body together, as clients send it. */
const write = {
  style: 'ng',
  path: root,
  access: { permission: 'pipeline.edit', scopeFrom: scopeFromQueryOrBody() },
  query: z.object({
    accountIdentifier: z.string().min(1),
    orgIdentifier: z.string().min(1).optional(),
    projectIdentifier: z.string().min(1).optional(),
  }),
  body: z.looseObject({
    name: entityName,
    identifier,
    orgIdentifier: z.string().max(128).nullish(),
    projectIdentifier: z.string().max(128).nullish(),
    filterProperties,
    filterVisibility: filterVisibility.or(z.literal('')).nullish(),
  }),
  response: storedFilter,
} as const;

/** INVALID_REQUEST outside a project: pipelines are in projects only. DUPLICATE_FIELD for an identifier that is taken. */
export const createFilter = defineRoute({
  ...write,
  id: 'createFilter',
  method: 'POST',
  summary: 'Store a filter of pipelines or executions',
});
export const updateFilter = defineRoute({
  ...write,
  id: 'updateFilter',
  method: 'PUT',
  summary: 'Replace a stored filter',
});
export const listFilters = defineRoute({
  style: 'ng',
  id: 'listFilters',
  method: 'GET',
  path: root,
  summary: 'Stored filters of a project that the caller may see',
  access: view,
  query: projectOnly.extend({
    type,
    searchTerm: searchText,
    pageIndex: z.coerce.number().int().min(0).max(1_000_000).default(0),
    pageSize: z.coerce.number().int().min(1).max(1000).default(100),
  }),
  response: ngPage(storedFilter),
});
export const getFilter = defineRoute({
  style: 'ng',
  id: 'getFilter',
  method: 'GET',
  path: `${root}/:identifier`,
  summary: 'A stored filter',
  access: view,
  params,
  query: projectOnly.extend({ type }),
  response: storedFilter,
});
export const deleteFilter = defineRoute({
  style: 'ng',
  id: 'deleteFilter',
  method: 'DELETE',
  path: `${root}/:identifier`,
  summary: 'Delete a stored filter',
  access: { permission: 'pipeline.edit' },
  params,
  query: projectOnly.extend({ type }),
  response: z.boolean(),
});
