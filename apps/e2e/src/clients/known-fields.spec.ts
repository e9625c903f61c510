import { describe, expect, it } from '@jest/globals';
import type { RouteDefinition } from '@sluice/api-conventions';
import { createDbInstance, createDbSchema, updateDbInstance, updateDbSchema } from '@sluice/dbdevops-api';
import { createConnector, createSecret, updateConnector, updateSecret } from '@sluice/ng-manager-api';
import { CONNECTORS, DATABASES, SECRETS, type Resource } from './terraform-resources.js';

const at = { org: 'default', project: 'orders', pipeline: 'apply' };
const cases = (resources: readonly Resource[]): [string, Resource][] =>
  resources.map((resource) => [resource.type, resource]);
function refused({ id, body: schema }: RouteDefinition, body: unknown): unknown {
  if (!schema) throw new Error(`${id} takes no body`);
  return schema.safeParse(body).error?.issues;
}

describe('no field of a recorded client is taken for a misspelt one', () => {
  it.each(cases(CONNECTORS))('%s', (_, { create, update, first, second }) => {
    expect([
      refused(createConnector, create(at, first).body),
      refused(updateConnector, update(at, second).body),
    ]).toEqual([undefined, undefined]);
  });

  it.each(cases(SECRETS.filter(({ create, first }) => create(at, first).body !== undefined)))(
    '%s',
    (_, { create, update, first, second }) => {
      expect([refused(createSecret, create(at, first).body), refused(updateSecret, update(at, second).body)]).toEqual([
        undefined,
        undefined,
      ]);
    },
  );

  it.each(cases(DATABASES))('%s', (type, { create, update, first, second }) => {
    const [made, changed] = type.includes('db_instance')
      ? [createDbInstance, updateDbInstance]
      : [createDbSchema, updateDbSchema];
    expect([refused(made, create(at, first).body), refused(changed, update(at, second).body)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
