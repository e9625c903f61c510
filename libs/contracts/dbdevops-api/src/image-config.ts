import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';
import { DBOPS, accountKey, plainQuery } from './places.js';

/** Every image an account may choose a tag for. */
export const IMAGE_FIELDS = [
  'artifactoryTag',
  'bigQueryTag',
  'bigtableTag',
  'cloudSqlTag',
  'db2Tag',
  'defaultTag',
  'flywayDefaultTag',
  'flywayMongoTag',
  'flywaySpannerPsqlTag',
  'flywaySpannerTag',
  'gitCloneTag',
  'mongoTag',
  'oracleTag',
  'perconaTag',
  'rdsTag',
  'snowflakeTag',
  'spannerTag',
] as const;
const imageField = z.enum(IMAGE_FIELDS);
export type ImageField = z.output<typeof imageField>;

const imageTags = z.partialRecord(imageField, z.string());
const imageName = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\w./:@-]+$/, 'must be an image name such as registry/name:tag');

const BASE = `${DBOPS}/execution-config`;
const view = { permission: 'setting.view' } as const;
const edit = { permission: 'setting.edit' } as const;

export const getDefaultImages = defineRoute({
  id: 'getDefaultImages',
  method: 'GET',
  path: `${BASE}/get-default-config`,
  summary: 'Images used without overrides',
  style: 'v1',
  access: view,
  query: plainQuery,
  response: imageTags,
});

export const getCustomerImages = defineRoute({
  id: 'getCustomerImages',
  method: 'GET',
  path: `${BASE}/get-customer-config`,
  summary: 'Images this account overrides, or all in effect',
  style: 'v1',
  access: view,
  query: z.object({
    ...accountKey,
    overridesOnly: z
      .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], 'must be true or false')
      .default(true),
  }),
  response: imageTags,
});

export const updateImages = defineRoute({
  id: 'updateImages',
  method: 'POST',
  path: `${BASE}/update-config`,
  summary: 'Override images',
  style: 'v1',
  status: 201,
  access: edit,
  query: plainQuery,
  body: z
    .array(z.object({ field: imageField, value: imageName }))
    .min(1)
    .max(IMAGE_FIELDS.length),
  response: z.boolean(),
});

/** Takes field names, or objects that name a field: the sources disagree. */
export const resetImages = defineRoute({
  id: 'resetImages',
  method: 'POST',
  path: `${BASE}/reset-config`,
  summary: 'Drop overrides of images',
  style: 'v1',
  status: 201,
  access: edit,
  query: plainQuery,
  body: z
    .array(z.union([imageField, z.object({ field: imageField })]))
    .min(1)
    .max(IMAGE_FIELDS.length),
  response: z.boolean(),
});

export const deleteImages = defineRoute({
  id: 'deleteImages',
  method: 'DELETE',
  path: BASE,
  summary: 'Drop every override of images',
  style: 'v1',
  access: edit,
  query: plainQuery,
  response: z.boolean(),
});

/** Pins the version of the Liquibase images; an empty value unpins. */
export const pinImage = defineRoute({
  id: 'pinImage',
  method: 'POST',
  path: `${BASE}/pin-image`,
  summary: 'Pin the version of the Liquibase images',
  style: 'v1',
  access: edit,
  query: plainQuery,
  body: z.object({
    value: z
      .string()
      .max(128)
      .regex(/^[\w.-]*$/, 'must be an image version such as 1.2.0'),
  }),
  response: z.boolean(),
});
