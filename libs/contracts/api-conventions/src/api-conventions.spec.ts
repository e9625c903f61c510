import { describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type RoleGrant, type Scope } from '@sluice/kernel';
import { z } from 'zod';
import { PERMISSIONS, isAllowed, type Permission } from './access.js';
import { paged, toNgPage, toSpringPage } from './envelopes.js';
import { dbIdentifier, identifier, queryBoolean, queryIdentifiers } from './fields.js';
import { openApiDocument } from './openapi.js';
import { defineRoute } from './route.js';

const project = projectScope('A', 'o', 'p');
const can = (grants: RoleGrant[], permission: Permission, scope: Scope): boolean =>
  isAllowed('A', grants, permission, scope);

describe('access', () => {
  it('lets an account admin do everything in the own account and nothing in another', () => {
    for (const permission of PERMISSIONS) {
      expect(can([{ role: 'account_admin' }], permission, project)).toBe(true);
      expect(can([{ role: 'account_admin' }], permission, projectScope('B', 'o', 'p'))).toBe(false);
    }
  });

  it.each([
    ['viewer', 'dbschema.view', true],
    ['viewer', 'dbschema.edit', false],
    ['viewer', 'pipeline.execute', false],
    ['viewer', 'audit.view', false],
    ['pipeline_executor', 'pipeline.execute', true],
    ['pipeline_executor', 'pipeline.edit', false],
    ['project_admin', 'connector.edit', true],
    ['project_admin', 'project.edit', true],
    ['project_admin', 'organization.edit', false],
    ['org_admin', 'project.edit', true],
    ['org_admin', 'account.edit', false],
  ] as const)('%s may %s: %s', (role, permission, expected) => {
    expect(can([{ role, orgId: 'o', projectId: role === 'org_admin' ? undefined : 'p' }], permission, project)).toBe(
      expected,
    );
  });

  it('binds a role to its scope', () => {
    const grants: RoleGrant[] = [{ role: 'project_admin', orgId: 'o', projectId: 'p' }];
    expect(can(grants, 'secret.edit', project)).toBe(true);
    expect(can(grants, 'secret.edit', projectScope('A', 'o', 'other'))).toBe(false);
    expect(can(grants, 'secret.edit', accountScope('A'))).toBe(false);
  });
});

describe('fields', () => {
  it.each(['orders', '_x', 'a1_b'])('takes identifier %s', (text) =>
    expect(identifier.safeParse(text).success).toBe(true),
  );
  it.each(['', '1a', 'a-b', 'a b', 'a$', 'x'.repeat(129)])('refuses identifier "%s"', (text) =>
    expect(identifier.safeParse(text).success).toBe(false),
  );
  it('allows $ in DB identifiers only', () => expect(dbIdentifier.safeParse('a$1').success).toBe(true));
  it('reads booleans of a query string', () => {
    expect(['true', 'false', ''].map((text) => queryBoolean.parse(text))).toEqual([true, false, false]);
  });
  it('reads identifiers given repeatedly, with commas, or both', () => {
    expect(['a', 'a,b', ['a', 'b'], ['a, b', 'c'], '', ','].map((given) => queryIdentifiers.parse(given))).toEqual([
      ['a'],
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b', 'c'],
      undefined,
      undefined,
    ]);
  });
});

describe('pages', () => {
  it('counts NG pages', () => {
    expect(toNgPage(['a'], 21, 2, 10)).toEqual({
      totalPages: 3,
      totalItems: 21,
      pageItemCount: 1,
      pageSize: 10,
      content: ['a'],
      pageIndex: 2,
      empty: false,
    });
  });

  it('marks the first and the last Spring page', () => {
    expect(toSpringPage([], 0, 0, 20)).toMatchObject({ first: true, last: true, empty: true, totalPages: 0 });
    expect(toSpringPage(['a'], 41, 1, 20)).toMatchObject({ first: false, last: false, totalPages: 3 });
  });
});

it('makes OpenAPI from routes: path and query parameters, envelope, paged arrays', () => {
  const params = z.object({ org: z.string() });
  const document = openApiDocument('x', '1', [
    defineRoute({
      id: 'list',
      method: 'GET',
      path: '/v1/orgs/:org/things',
      summary: 'List',
      style: 'v1',
      access: 'authenticated',
      isPaged: true,
      params,
      query: z.object({ page: z.coerce.number().default(0) }),
      response: paged(z.object({ name: z.string() })),
    }),
    defineRoute({
      id: 'get',
      method: 'GET',
      path: '/ng/api/x',
      summary: 'Get',
      style: 'ng',
      access: 'authenticated',
      response: z.object({ name: z.string() }),
    }),
  ]) as {
    paths: Record<
      string,
      {
        get: {
          parameters: { name: string; in: string }[];
          responses: Record<
            string,
            { content: Record<string, { schema: { type: string; properties?: Record<string, unknown> } }> }
          >;
        };
      }
    >;
  };
  const list = document.paths['/v1/orgs/{org}/things']?.get;
  expect(list?.parameters.map((one) => [one.name, one.in])).toEqual([
    ['org', 'path'],
    ['page', 'query'],
  ]);
  expect(list?.responses['200']?.content['application/json']?.schema.type).toBe('array');
  expect(
    Object.keys(
      document.paths['/ng/api/x']?.get.responses['200']?.content['application/json']?.schema.properties ?? {},
    ),
  ).toEqual(['status', 'data', 'metaData', 'correlationId']);
});

it.each([
  ['/ng/api/v2/secrets/:identifier', 'ng', 'secrets'],
  ['/v1/orgs', 'v1', 'orgs'],
  ['/v1/orgs/:org', 'v1', 'orgs'],
  ['/v1/orgs/:org/projects/:project', 'v1', 'projects'],
  ['/v1/orgs/:org/projects/:project/dbschema/:dbschema', 'v1', 'dbschema'],
  ['/dbdevops/v1/orgs/:org/projects/:project/dbschema', 'v1', 'dbschema'],
  ['/pipeline/api/pipelines/list', 'ng', 'pipelines'],
  ['/log-service/stream', 'v1', 'stream'],
  ['/ng-manager/internal/secrets/seal', 'internal', 'between services'],
] as const)('is documented under its area: %s', (path, style, area) => {
  const { paths } = openApiDocument('x', '1', [
    defineRoute({ id: 'x', method: 'GET', path, summary: 'x', style, access: 'authenticated', response: z.unknown() }),
  ]) as { paths: Record<string, { get: { tags: string[] } }> };
  expect(Object.values(paths).map(({ get }) => get.tags)).toEqual([[area]]);
});
