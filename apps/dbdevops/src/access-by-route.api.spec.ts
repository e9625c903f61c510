import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { atDbdevops, publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import { ACCOUNT, PROJECT, contentOf, resetFixture } from './testing/fixture.js';
import { ROUTE_REQUESTS } from './testing/route-requests.js';
import { startDbDevops, type RunningDbDevops, type TestReply } from './testing/running-dbdevops.js';

const admin = { accountId: ACCOUNT };

/** NG manager has checked all of it before; dbdevops does not rely on that. */
describe('every public DB DevOps route, at dbdevops itself', () => {
  let app: RunningDbDevops;
  beforeAll(async () => {
    app = await startDbDevops();
  }, 300_000);
  afterAll(() => app.stop());
  let isFresh = false;
  beforeEach(async () => {
    if (!isFresh) await resetFixture(app);
    isFresh = true;
  });

  it('has a request', () => {
    expect(Object.keys(ROUTE_REQUESTS).sort()).toEqual(publicDbDevopsRoutes.map((route) => route.id).sort());
  });

  for (const definition of publicDbDevopsRoutes) {
    const route = atDbdevops(definition);
    const row = ROUTE_REQUESTS[definition.id];
    if (!row) continue;
    const { request } = row;

    describe(`${definition.method} ${definition.path}`, () => {
      it('is forbidden to someone without the right', async () => {
        const grants = definition.method === 'GET' || isView(definition.access) ? [] : [{ role: 'viewer' as const }];
        const { org: orgId } = PROJECT;
        for (const caller of [
          { accountId: ACCOUNT, grants },
          { accountId: ACCOUNT, grants: [{ role: 'project_admin' as const, orgId, projectId: 'other' }] },
        ])
          expectForbidden(await app.send(caller, route, request));
      });

      it('is forbidden to a caller that names another account', async () => {
        expectForbidden(
          await app.send({ accountId: 'acc2' }, route, {
            ...request,
            query: { ...request.query, accountIdentifier: ACCOUNT },
          }),
        );
      });

      it('shows and changes nothing of another account', async () => {
        const before = await contentOf(app, ACCOUNT);
        const reply = await app.send({ accountId: 'acc2' }, route, request);
        expect(reply).toMatchObject({ status: row.otherAccount?.status ?? 404 });
        if (row.otherAccount?.answers) expect(reply.body).toMatchObject(row.otherAccount.answers);
        expect(await contentOf(app, ACCOUNT)).toEqual(before);
      });

      it('takes calls from NG manager only', async () => {
        expect((await app.send({ accountId: ACCOUNT, service: 'gateway' }, route, request)).status).toBe(403);
      });

      it('answers the account it is about', async () => {
        isFresh = !row.changesFixture;
        expect(await app.send(admin, route, request)).toMatchObject({ status: row.status ?? definition.status ?? 200 });
      });
    });
  }
});

function isView(access: unknown): boolean {
  return (
    typeof access === 'object' &&
    access !== null &&
    'permission' in access &&
    String(access.permission).endsWith('.view')
  );
}

function expectForbidden({ status, body }: TestReply): void {
  expect({ status, body }).toEqual({ status: 403, body: { message: expect.any(String) } });
}
