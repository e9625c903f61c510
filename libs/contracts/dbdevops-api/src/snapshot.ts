import { defineRoute, pagedObject, v1PageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { DBOPS, DB_INSTANCE, accountKey, instancePath, plainQuery, scopeKeys } from './places.js';

const view = { permission: 'dbinstance.view' } as const;
const edit = { permission: 'dbinstance.edit' } as const;

export const snapshotObjectNames = defineRoute({
  id: 'snapshotObjectNames',
  method: 'GET',
  path: `${DB_INSTANCE}/snapshot-object-names`,
  summary: 'Names of the objects of an instance’s snapshot',
  style: 'v1',
  access: view,
  params: instancePath,
  query: z.object({ ...accountKey, ...v1PageQuery, objectType: z.string().min(1).max(128) }),
  isPagedObject: true,
  response: pagedObject(z.object({ data: z.array(z.string()) })),
});

export const snapshotObjectValues = defineRoute({
  id: 'snapshotObjectValues',
  method: 'POST',
  path: `${DB_INSTANCE}/snapshot-object-values`,
  summary: 'Objects of an instance’s snapshot',
  style: 'v1',
  access: view,
  params: instancePath,
  query: plainQuery,
  body: z.object({
    objectType: z.string().min(1).max(128),
    objectNames: z.array(z.string().min(1).max(512)).max(1000),
  }),
  /** `objectValue` is JSON as a string. */
  response: z.object({ data: z.array(z.object({ objectName: z.string(), objectValue: z.string() })) }),
});

const snapshotPath = z.object({ snapshotId: z.string().min(1).max(128) });
const snapshotQuery = z.object({
  ...scopeKeys,
  harnessCommand: z.string().min(1).max(64),
  pipelineExecutionId: z.string().min(1).max(128),
  stageExecutionId: z.string().min(1).max(128),
  pipelineIdentifier: z.string().min(1).max(128),
  dbInstance: z.string().min(1).max(128),
  dbSchema: z.string().min(1).max(128),
  parentId: z.string().min(1).max(128),
});

export const storeDbMetadata = defineRoute({
  id: 'storeDbMetadata',
  method: 'POST',
  path: `${DBOPS}/db-metadata/:snapshotId`,
  summary: 'Store objects of a snapshot',
  style: 'v1',
  status: 204,
  access: edit,
  params: snapshotPath,
  query: snapshotQuery,
  body: z
    .array(
      z.object({
        snapshotObjectId: z.string(),
        objectType: z.string(),
        objectName: z.string(),
        objectValue: z.string(),
      }),
    )
    .max(10_000),
  response: z.undefined(),
});

export const storeMetadataSnapshot = defineRoute({
  id: 'storeMetadataSnapshot',
  method: 'POST',
  path: `${DBOPS}/metadata-snapshot/:snapshotId`,
  summary: 'Store a snapshot file',
  style: 'v1',
  status: 201,
  access: edit,
  params: snapshotPath,
  query: snapshotQuery,
  bodyKind: 'raw',
  response: z.undefined(),
});
