import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { atDbdevops, publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import { contentOf, resetFixture } from './testing/fixture.js';
import { ACCOUNT, PROJECT, ROUTE_CASES, changed, isErrorBody, matches, refusedBySchema } from './testing/route-cases.js';
import { startDbDevops, type RunningDbDevops } from './testing/running-dbdevops.js';

const admin = { accountId: ACCOUNT };
const [org, project] = [PROJECT.org, PROJECT.project];

describe('every public DB DevOps route', () => {
  let app: RunningDbDevops;
  beforeAll(async () => {
    app = await startDbDevops();
  }, 60_000);
  afterAll(() => app.stop());
  let isFresh = false;
  beforeEach(async () => {
    if (!isFresh) await resetFixture(app);
    isFresh = true;
  });

  it('has its row in the table of cases', () => {
    expect(Object.keys(ROUTE_CASES).sort()).toEqual(publicDbDevopsRoutes.map((route) => route.id).sort());
  });

  it('is one address and method only', () => {
    const addresses = publicDbDevopsRoutes.map((route) => `${route.method} ${route.path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  for (const definition of publicDbDevopsRoutes) {
    const route = atDbdevops(definition);
    const row = ROUTE_CASES[definition.id];
    if (!row) continue;
    const { request, invalid, missing } = row;

    describe(`${definition.method} ${definition.path}`, () => {
      it('answers as documented', async () => {
        isFresh = !row.changesFixture;
        const reply = await app.send(admin, route, request);
        expect({ status: reply.status, body: reply.body }).toMatchObject({ status: row.status ?? definition.status ?? 200 });
        if (!matches(reply.body, row.answers)) expect(reply.body).toEqual(row.answers);
        if (reply.status >= 400) return expect(isErrorBody(reply)).toBe(true);
        if (reply.status === 204) return expect(reply.body).toBe('');
        if (!definition.isPaged && !definition.isPagedObject) return expect(definition.response.safeParse(reply.body).error).toBeUndefined();
        const page = { total: Number(reply.headers.get('x-total-elements') ?? NaN), page: Number(reply.headers.get('x-page-number') ?? NaN), limit: Number(reply.headers.get('x-page-size') ?? NaN) };
        expect(definition.response.safeParse({ [definition.isPaged ? 'items' : 'body']: reply.body, ...page }).error).toBeUndefined();
      });

      it('takes the scope keys clients append to every query', async () => {
        isFresh = !row.changesFixture;
        const query = { ...request.query, accountIdentifier: ACCOUNT, routingId: ACCOUNT, orgIdentifier: org, projectIdentifier: project };
        const reply = await app.send(admin, route, { ...request, query });
        expect(reply.status).toBe(row.status ?? definition.status ?? 200);
      });

      it('refuses what its schemas do not allow, naming it', async () => {
        const reply = await app.send(admin, route, changed(request, invalid ?? refusedBySchema(definition.id)));
        expect({ status: reply.status, isErrorBody: isErrorBody(reply) }).toEqual({ status: 400, isErrorBody: true });
      });

      if (missing) {
        it('answers 404 for what does not exist', async () => {
          const reply = await app.send(admin, route, changed(request, missing));
          expect({ status: reply.status, isErrorBody: isErrorBody(reply) }).toEqual({ status: 404, isErrorBody: true });
        });
      }

      it('is forbidden to someone without the right', async () => {
        const grants = definition.method === 'GET' || isView(definition.access) ? [] : [{ role: 'viewer' as const }];
        for (const caller of [{ accountId: ACCOUNT, grants }, { accountId: ACCOUNT, grants: [{ role: 'project_admin' as const, orgId: org, projectId: 'other' }] }]) {
          const reply = await app.send(caller, route, request);
          expect({ status: reply.status, isErrorBody: isErrorBody(reply) }).toEqual({ status: 403, isErrorBody: true });
        }
      });

      it('is forbidden to a caller that names another account', async () => {
        const reply = await app.send({ accountId: 'acc2' }, route, { ...request, query: { ...request.query, accountIdentifier: ACCOUNT } });
        expect({ status: reply.status, isErrorBody: isErrorBody(reply) }).toEqual({ status: 403, isErrorBody: true });
      });

      it('shows and changes nothing of another account', async () => {
        const before = await contentOf(app, ACCOUNT);
        const reply = await app.send({ accountId: 'acc2' }, route, request);
        const { status, answers } = row.otherAccount ?? { status: 404, answers: undefined };
        expect(reply.status).toBe(status);
        if (!matches(reply.body, answers)) expect(reply.body).toEqual(answers);
        expect(await contentOf(app, ACCOUNT)).toEqual(before);
      });

      it('takes calls from NG manager only', async () => {
        const reply = await app.send({ accountId: ACCOUNT, service: 'gateway' }, route, request);
        expect(reply.status).toBe(403);
      });
    });
  }
});

function isView(access: unknown): boolean {
  return typeof access === 'object' && access !== null && 'permission' in access && String(access.permission).endsWith('.view');
}
