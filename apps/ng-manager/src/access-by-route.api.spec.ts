import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RouteDefinition } from '@sluice/api-conventions';
import { publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import type { RoleGrant } from '@sluice/kernel';
import { ngManagerRoutes } from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { startNgManager, type NgManagerUnderTest } from './testing/ng-manager-under-test.js';

const all = [...ngManagerRoutes, ...publicDbDevopsRoutes];
const userRoutes = all.filter(({ access }) => access !== 'service');
const serviceRoutes = all.filter(({ access }) => access === 'service');
const named = (routes: readonly RouteDefinition[]) =>
  routes.map((route) => [`${route.method} ${route.path}`, route] as const);

/** Who is let in through the gateway is walked by the conformance suite (apps/e2e); this is about what stands behind it. */
describe('every route of ng-manager', () => {
  let ng: NgManagerUnderTest;
  /** Nothing but a scope: rights are looked at before anything is validated. */
  const pathOf = (route: RouteDefinition, account: string): string =>
    `${route.path.replace(/:[A-Za-z]+/g, 'x1')}?accountIdentifier=${account}&orgIdentifier=x1&projectIdentifier=x1`;
  const bodyOf = (route: RouteDefinition): unknown =>
    ['POST', 'PUT'].includes(route.method) ? { nonsense: true } : undefined;

  beforeAll(async () => {
    ng = await startNgManager();
  }, 300_000);
  afterAll(() => ng.stop());

  it.each(named(all))('%s takes nobody without a service token', async (_, route) => {
    const answer = await fetch(`${ng.app.url}${pathOf(route, 'A1')}`, { method: route.method });
    expect(answer.status).toBe(401);
  });

  it.each(named(serviceRoutes))(
    '%s is not for the gateway acting for a user, unless it is its own',
    async (_, route) => {
      const answer = await ng.as('A1')(route.method, pathOf(route, 'A1'), bodyOf(route));
      expect(answer.status).toBe(route.callers?.includes('gateway') ? 400 : 403);
    },
  );

  it.each(named(userRoutes))('%s refuses scope keys that are given twice', async (_, route) => {
    for (const again of ['projectIdentifier=mine', 'accountIdentifier[]=B1']) {
      const answer = await ng.as('A1')(route.method, `${pathOf(route, 'A1')}&${again}`, bodyOf(route));
      expect([answer.status, answer.body.message]).toEqual([
        400,
        expect.stringContaining(`${again.split(/[=[]/)[0]} is given more than once`),
      ]);
    }
  });

  it('somebody with hundreds of roles is served like anybody else', async () => {
    const grants = Array.from({ length: 300 }, (_, index) => ({
      role: 'project_admin' as const,
      orgId: 'organization',
      projectId: `project_number_${index}`,
    }));
    expect((await ng.as('A1', grants)('GET', '/ng/api/projects?accountIdentifier=A1')).status).toBe(200);
  });

  it('rights come before validation, also of a body that is no JSON or too costly to read', async () => {
    const send = async (grants: readonly RoleGrant[], body = '{"organization":') => {
      const user = testUser('A1', grants);
      const headers = { ...(await ng.identities.headers('ng-manager', user)), 'content-type': 'application/json' };
      const answer = await fetch(`${ng.app.url}/ng/api/organizations?accountIdentifier=A1`, {
        method: 'POST',
        headers,
        body,
      });
      return { status: answer.status, body: (await answer.json()) as { message: string } };
    };
    expect((await send([{ role: 'viewer' }])).status).toBe(403);
    expect(await send([{ role: 'account_admin' }])).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('not valid JSON') },
    });
    const deep = '['.repeat(100_000);
    expect((await send([{ role: 'viewer' }], deep)).status).toBe(403);
    expect(await send([{ role: 'account_admin' }], deep)).toMatchObject({
      status: 400,
      body: { message: 'the body nests deeper than 500 levels; send a flatter one' },
    });
    const wide = `[${'{},'.repeat(600_000)}{}]`;
    expect(await send([{ role: 'account_admin' }], wide)).toMatchObject({
      status: 400,
      body: { message: 'the body has more than 500000 objects, lists and members; send it in smaller pieces' },
    });
  });

  describe('whose scope comes from the body', () => {
    const viewer = () => ng.as('A1', [{ role: 'viewer' }]);
    const elsewhere = () => ng.as('A1', [{ role: 'project_admin', orgId: 'o', projectId: 'mine' }]);
    const connector = {
      connector: {
        identifier: 'c',
        name: 'c',
        orgIdentifier: 'o',
        projectIdentifier: 'p',
        type: 'Git',
        spec: { url: 'https://g.example/r', type: 'Http', connectionType: 'Repo' },
      },
    };
    const secret = {
      secret: {
        identifier: 's',
        name: 's',
        orgIdentifier: 'o',
        projectIdentifier: 'p',
        type: 'SecretText',
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'v' },
      },
    };
    it.each([
      ['POST', '/ng/api/connectors', connector],
      ['PUT', '/ng/api/connectors', connector],
      ['POST', '/ng/api/v2/secrets', secret],
      ['PUT', '/ng/api/v2/secrets/s', secret],
      ['POST', '/ng/api/organizations', { organization: { identifier: 'x', name: 'x' } }],
      ['PUT', '/ng/api/organizations/x', { organization: { identifier: 'x', name: 'x' } }],
      ['DELETE', '/ng/api/organizations/x', undefined],
      ['POST', '/ng/api/projects', { project: { identifier: 'x', name: 'x', orgIdentifier: 'o' } }],
      ['PUT', '/ng/api/projects/x', { project: { identifier: 'x', name: 'x', orgIdentifier: 'o' } }],
      ['DELETE', '/ng/api/projects/x', undefined],
    ])('%s %s checks the right there: viewers and admins of other projects are refused', async (method, path, body) => {
      const url = `${path}?accountIdentifier=A1${method === 'DELETE' && path.includes('projects') ? '&orgIdentifier=o' : ''}`;
      expect((await viewer()(method, url, body)).body).toMatchObject({ code: 'ACCESS_DENIED' });
      expect((await elsewhere()(method, url, body)).body).toMatchObject({ code: 'ACCESS_DENIED' });
    });

    it('keys of other people need the right to edit users', async () => {
      expect(
        (await viewer()('GET', '/ng/api/apikey?accountIdentifier=A1&parentIdentifier=somebody')).body,
      ).toMatchObject({ code: 'ACCESS_DENIED' });
      expect(
        (
          await viewer()('POST', '/ng/api/token?accountIdentifier=A1', {
            identifier: 't',
            name: 't',
            apiKeyType: 'USER',
            parentIdentifier: 'somebody',
            apiKeyIdentifier: 'k',
          })
        ).body,
      ).toMatchObject({ code: 'ACCESS_DENIED' });
    });
  });

  it('lists show only what the roles reach', async () => {
    const admin = ng.as('A1');
    for (const identifier of ['o1', 'o2']) {
      await admin('POST', '/ng/api/organizations?accountIdentifier=A1', {
        organization: { identifier, name: identifier },
      });
      for (const project of ['p1', 'p2'])
        await admin('POST', `/ng/api/projects?accountIdentifier=A1&orgIdentifier=${identifier}`, {
          project: { identifier: project, name: project },
        });
    }
    const one = ng.as('A1', [{ role: 'viewer', orgId: 'o1', projectId: 'p2' }]);
    const names = (answer: {
      body: {
        data: {
          content: { project?: { orgIdentifier: string; identifier: string }; organization?: { identifier: string } }[];
        };
      };
    }): string[] =>
      answer.body.data.content.map((row) =>
        row.project ? `${row.project.orgIdentifier}/${row.project.identifier}` : (row.organization?.identifier ?? ''),
      );
    expect(names(await one('GET', '/ng/api/projects?accountIdentifier=A1'))).toEqual(['o1/p2']);
    expect(names(await one('GET', '/ng/api/organizations?accountIdentifier=A1'))).toEqual(['o1']);
    expect(
      names(
        await ng.as('A1', [{ role: 'org_admin', orgId: 'o2' }])(
          'GET',
          '/ng/api/projects?accountIdentifier=A1&sortOrders=name,ASC',
        ),
      ),
    ).toEqual(['o2/p1', 'o2/p2']);
    expect((await one('GET', '/ng/api/projects/p1?accountIdentifier=A1&orgIdentifier=o1')).status).toBe(403);
    expect(names(await ng.as('B1')('GET', '/ng/api/projects?accountIdentifier=B1'))).toEqual([]);
  });
});
