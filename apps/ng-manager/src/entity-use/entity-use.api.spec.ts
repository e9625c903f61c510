import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RouteInput, RouteResult } from '@sluice/api-conventions';
import { RouteClient } from '@sluice/http';
import { recordEntityUses } from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { aDbSchema } from '../testing/dbdevops-double.js';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

type Uses = RouteInput<typeof recordEntityUses>['body'];

const PROJECT = 'accountIdentifier=A1&orgIdentifier=default&projectIdentifier=shop';
const SCHEMAS = '/v1/orgs/default/projects/shop/dbschema';

describe('what pipelines refer to', () => {
  let ng: NgManagerUnderTest;
  let pipeline: RouteClient;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const ctx = { ...testUser('A1'), correlationId: 'c', traceparent: undefined };
  const record = (uses: Uses['uses'], over: Partial<Uses> = {}): Promise<RouteResult<typeof recordEntityUses>> =>
    pipeline.call(ctx, recordEntityUses, {
      body: {
        accountId: 'A1',
        orgId: 'default',
        projectId: 'shop',
        user: { kind: 'pipeline', identifier: 'deploy' },
        mode: 'replace',
        uses,
        ...over,
      },
    });
  const secret = (identifier: string, scope: string) =>
    call('POST', `/ng/api/v2/secrets?${scope}`, {
      secret: {
        type: 'SecretText',
        identifier,
        name: identifier,
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'v' },
      },
    });

  beforeAll(async () => {
    ng = await startNgManager();
    pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
    call = ng.as('A1');
    const made = [
      await call('POST', '/ng/api/organizations?accountIdentifier=A1', {
        organization: { identifier: 'default', name: 'Default' },
      }),
      await call('POST', '/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
        project: { identifier: 'shop', name: 'Shop' },
      }),
      await secret('token', 'accountIdentifier=A1'),
      await secret('token', PROJECT),
      await call('POST', `/ng/api/connectors?${PROJECT}`, {
        connector: {
          identifier: 'cluster',
          name: 'Cluster',
          type: 'K8sCluster',
          spec: { credential: { type: 'InheritFromDelegate' }, delegateSelectors: ['d'] },
        },
      }),
    ];
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    ng.dbdevops.schemas.set('default/shop/orders', aDbSchema('orders', { connector: 'git', location: 'db.xml' }));
  }, 300_000);
  afterEach(() => record([]));
  afterAll(async () => {
    await pipeline.close();
    await ng.stop();
  });

  it('is not deleted: connectors and secrets, of exactly the scope that is meant', async () => {
    await record([
      { kind: 'secret', ref: 'account.token' },
      { kind: 'connector', ref: 'cluster' },
    ]);
    for (const address of [
      '/ng/api/v2/secrets/token?accountIdentifier=A1',
      `/ng/api/connectors/cluster?${PROJECT}`,
      '/v1/orgs/default/projects/shop/connectors/cluster?accountIdentifier=A1',
    ]) {
      const refused = await call('DELETE', address);
      expect([refused.status, refused.body.message]).toEqual([
        400,
        expect.stringContaining(
          'is used by pipeline deploy (project A1/default/shop); change or delete them first, or send forceDelete=true',
        ),
      ]);
    }
    expect((await call('DELETE', `/ng/api/v2/secrets/token?${PROJECT}`)).status).toBe(200);
    await secret('token', PROJECT);
    await record([]);
    expect((await call('DELETE', '/ng/api/v2/secrets/token?accountIdentifier=A1')).status).toBe(200);
    await secret('token', 'accountIdentifier=A1');
  });

  it('goes with its instances: a schema that no document refers to', async () => {
    ng.dbdevops.schemas.set('default/shop/alone', aDbSchema('alone', { connector: 'git', location: 'db.xml' }));
    ng.dbdevops.instances = ['dev', 'prod'];
    await record([{ kind: 'dbschema', ref: 'alone' }]);
    expect((await call('DELETE', `${SCHEMAS}/alone`)).status).toBe(400);
    await record([]);
    expect((await call('DELETE', `${SCHEMAS}/alone`)).status).toBe(204);
    expect(ng.dbdevops.schemas.has('default/shop/alone')).toBe(false);
  });

  it('is not deleted: schemas, and the error names their instances too', async () => {
    ng.dbdevops.instances = ['dev', 'prod'];
    await record([{ kind: 'dbschema', ref: 'orders' }]);
    await record([{ kind: 'dbschema', ref: 'orders' }], { user: { kind: 'inputSet', identifier: 'deploy/nightly' } });
    const refused = await call('DELETE', `${SCHEMAS}/orders`);
    expect([refused.status, refused.body]).toEqual([
      400,
      expect.objectContaining({
        message:
          'schema "orders" is used by inputSet deploy/nightly (project A1/default/shop), pipeline deploy (project A1/default/shop), instance dev, instance prod; change or delete them first, or send forceDelete=true',
      }),
    ]);
    const all = await call('DELETE', '/v1/dbops/dbschema?orgIdentifier=default&projectIdentifier=shop&parent_id=x');
    expect([all.status, all.body.message]).toEqual([400, refused.body.message]);
    expect(ng.dbdevops.schemas.has('default/shop/orders')).toBe(true);
    expect((await call('DELETE', `${SCHEMAS}/orders?forceDelete=true`)).status).toBe(204);
    expect((await call('DELETE', `${SCHEMAS}/orders`)).status).toBe(404);
    expect(
      (await call('DELETE', '/v1/dbops/dbschema?orgIdentifier=default&projectIdentifier=shop&parent_id=x')).status,
    ).toBe(204);
    await record([], { user: { kind: 'inputSet', identifier: 'deploy/nightly' } });
    ng.dbdevops.schemas.set('default/shop/orders', aDbSchema('orders', { connector: 'git', location: 'db.xml' }));
  });

  it('grows by what is announced and becomes exactly what is stored, however often it is said', async () => {
    const [cluster, token] = [
      { kind: 'connector', ref: 'cluster' },
      { kind: 'secret', ref: 'token' },
    ] as const;
    const inUse = async (): Promise<readonly number[]> => [
      (await call('DELETE', `/ng/api/connectors/cluster?${PROJECT}`)).status,
      (await call('DELETE', `/ng/api/v2/secrets/token?${PROJECT}`)).status,
    ];
    await record([cluster]);
    for (let time = 0; time < 2; time += 1) await record([cluster, token], { mode: 'add' });
    expect(await inUse()).toEqual([400, 400]);
    await Promise.all([
      record([cluster, token], { mode: 'add' }),
      record([token, cluster], { mode: 'add' }),
      record([cluster, token]),
    ]);
    expect(await inUse()).toEqual([400, 400]);
    for (let time = 0; time < 2; time += 1) await record([token]);
    expect(
      await ng.pg.query(ng.database, `SELECT used_kind, used_identifier FROM entity_uses WHERE user_kind = 'pipeline'`),
    ).toEqual([{ used_kind: 'secret', used_identifier: 'token' }]);
  });

  it.each([
    [
      'a change',
      async () =>
        void (await record([{ kind: 'secret', ref: 'token' }], {
          turn: (await record([{ kind: 'secret', ref: 'token' }], { mode: 'add' })).turn,
        })),
      ['token'],
    ],
    ['its removal', async () => void (await record([], { turn: (await record([], { mode: 'add' })).turn })), []],
    [
      'the announcement of a change',
      async () => void (await record([{ kind: 'secret', ref: 'token' }], { mode: 'add' })),
      ['token'],
    ],
  ])(
    'is not what a document referred to earlier, when that is said after %s: it counts for nothing, and the answer says so',
    async (_what, change, left) => {
      const { turn } = await record([], { mode: 'add' });
      await change();
      expect(await record([{ kind: 'connector', ref: 'cluster' }], { turn })).toEqual({
        recorded: 0,
        isSuperseded: true,
      });
      expect(
        await ng.pg.query(ng.database, `SELECT used_identifier FROM entity_uses WHERE user_kind = 'pipeline'`),
      ).toEqual(left.map((used_identifier) => ({ used_identifier })));
    },
  );

  it('may be said again in the same turn, and of nothing nothing is kept', async () => {
    const { turn } = await record([{ kind: 'connector', ref: 'cluster' }], { mode: 'add' });
    for (let time = 0; time < 2; time += 1)
      expect(await record([{ kind: 'connector', ref: 'cluster' }], { turn })).toEqual({ recorded: 1 });
    expect(await record([], { turn })).toEqual({ recorded: 0 });
    expect(await ng.pg.query(ng.database, 'SELECT turn FROM entity_use_turns')).toEqual([]);
  });

  it('has turns of its own in each account and project, which go with the project', async () => {
    const other = ng.as('B1');
    await other('POST', '/ng/api/organizations?accountIdentifier=B1', {
      organization: { identifier: 'default', name: 'Default' },
    });
    await other('POST', '/ng/api/projects?accountIdentifier=B1&orgIdentifier=default', {
      project: { identifier: 'shop', name: 'Shop' },
    });
    await call('POST', '/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
      project: { identifier: 'next', name: 'Next' },
    });
    const { turn } = await record([], { mode: 'add' });
    for (const over of [{ accountId: 'B1' }, { projectId: 'next' }])
      expect(await record([], { mode: 'add', ...over })).toEqual({ recorded: 0, turn: expect.any(String) });
    expect(await record([{ kind: 'secret', ref: 'token' }], { turn })).toEqual({ recorded: 1 });
    expect((await call('DELETE', '/ng/api/projects/next?accountIdentifier=A1&orgIdentifier=default')).status).toBe(200);
    expect(await ng.pg.query(ng.database, 'SELECT account_id, project_id FROM entity_use_turns ORDER BY 1')).toEqual([
      { account_id: 'A1', project_id: 'shop' },
      { account_id: 'B1', project_id: 'shop' },
    ]);
    await record([], { accountId: 'B1' });
  });

  it('and is not run, a Flyway schema, is said to a check alone, and only of schemas of the project', async () => {
    ng.dbdevops.schemas.set('default/shop/fly', {
      ...aDbSchema('fly', { connector: 'git', location: 'migrations' }),
      migrationType: 'Flyway',
    });
    const uses: Uses['uses'] = [
      { kind: 'dbschema', ref: 'orders' },
      { kind: 'dbschema', ref: 'fly', field: 'pipeline.x' },
    ];
    const said = [
      {
        field: 'pipeline.x',
        message: expect.stringMatching(
          /DB schema "fly" .* kept and not run: .* name a DB schema with migrationType Liquibase/,
        ),
      },
    ];
    expect(await record(uses, { mode: 'check' })).toEqual({ recorded: 0, warnings: said });
    expect(await record(uses)).toEqual({ recorded: 2 });
    ng.dbdevops.schemas.delete('default/shop/fly');
    expect(await record(uses, { mode: 'check' })).toEqual({ recorded: 0 });
  });

  it("of another account with the same names stands in nobody's way", async () => {
    const other = ng.as('B1');
    await other('POST', '/ng/api/organizations?accountIdentifier=B1', {
      organization: { identifier: 'default', name: 'Default' },
    });
    await other('POST', '/ng/api/projects?accountIdentifier=B1&orgIdentifier=default', {
      project: { identifier: 'shop', name: 'Shop' },
    });
    expect(await record([{ kind: 'secret', ref: 'token' }], { accountId: 'B1' })).toEqual({ recorded: 1 });
    expect((await call('DELETE', `/ng/api/v2/secrets/token?${PROJECT}`)).status).toBe(200);
    await secret('token', PROJECT);
  });

  it('counts only for a project that is there, and goes with it', async () => {
    expect(await record([{ kind: 'secret', ref: 'account.token' }], { projectId: 'none' })).toEqual({ recorded: 0 });
    await call('POST', '/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
      project: { identifier: 'brief', name: 'Brief' },
    });
    expect(await record([{ kind: 'secret', ref: 'account.token' }], { projectId: 'brief' })).toEqual({ recorded: 1 });
    expect((await call('DELETE', '/ng/api/v2/secrets/token?accountIdentifier=A1')).status).toBe(400);
    expect((await call('DELETE', '/ng/api/projects/brief?accountIdentifier=A1&orgIdentifier=default')).status).toBe(
      200,
    );
    expect((await call('DELETE', '/ng/api/v2/secrets/token?accountIdentifier=A1')).status).toBe(200);
    await secret('token', 'accountIdentifier=A1');
  });

  it('is taken from pipeline only, and only as references', async () => {
    const gateway = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('gateway'),
    });
    const body: Uses = {
      accountId: 'A1',
      orgId: 'default',
      projectId: 'shop',
      user: { kind: 'pipeline', identifier: 'x' },
      mode: 'add',
      uses: [],
    };
    await expect(gateway.call(ctx, recordEntityUses, { body })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await gateway.close();
    await expect(record([{ kind: 'secret', ref: 'project.token' }])).rejects.toMatchObject({
      code: 'INVALID_IDENTIFIER_REF',
    });
  });
});
