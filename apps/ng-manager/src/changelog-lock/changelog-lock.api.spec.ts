import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TaskPayload } from '@sluice/delegate-protocol';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const PROJECT = 'accountIdentifier=A1&orgIdentifier=default&projectIdentifier=shop';
const LOCK = '/v1/orgs/default/projects/shop/dbschema/orders/instance/prod/changelog-lock';
const HOLDER = 'host#sluice-abc session=s backend=1@0123456789ab (10.0.0.8)';
const HELD = {
  locked: true,
  holder: HOLDER,
  since: '2026-01-31T09:30:00',
  engine: 'sluice-abc',
  session: 'gone',
} as const;
const FREE = { locked: false, holder: null, since: null, engine: null, session: null } as const;
const PAIR = {
  dbSchema: {
    identifier: 'orders',
    name: 'Orders',
    migrationType: 'Liquibase',
    type: 'Repository',
    connector: 'code',
    repo: 'app.git',
    location: 'db/changelog.xml',
  },
  dbInstance: {
    identifier: 'prod',
    name: 'Prod',
    connector: 'account.db',
    branch: 'main',
    context: '',
    substituteProperties: {},
    tags: {},
  },
} as const;

describe('change log locks', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  let seen: { readonly payload: TaskPayload; readonly secrets: Readonly<Record<string, string>> }[];
  const shown = ({ status, body }: HttpAnswer) => [status, body.message];
  const releases = async () =>
    (
      await call('POST', `/ng/api/audits/list?${PROJECT}`, {
        filterType: 'Audit',
        resources: [{ type: 'CHANGELOG_LOCK' }],
      })
    ).body.data.content;
  const connector = (identifier: string, url: string) => ({
    connector: {
      identifier,
      name: identifier,
      type: 'JDBC',
      spec: {
        url,
        delegateSelectors: ['east'],
        auth: {
          type: 'UsernamePassword',
          spec: { usernameRef: 'account.db_user', passwordRef: 'account.db_password' },
        },
      },
    },
  });

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    const secret = (identifier: string) => ({
      secret: {
        identifier,
        name: identifier,
        type: 'SecretText',
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: `value of ${identifier}` },
      },
    });
    const made = [
      await call('POST', '/ng/api/organizations?accountIdentifier=A1', {
        organization: { identifier: 'default', name: 'Default' },
      }),
      await call('POST', '/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
        project: { identifier: 'shop', name: 'Shop', orgIdentifier: 'default' },
      }),
      await call('POST', '/ng/api/v2/secrets?accountIdentifier=A1', secret('db_user')),
      await call('POST', '/ng/api/v2/secrets?accountIdentifier=A1', secret('db_password')),
      await call(
        'POST',
        '/ng/api/connectors?accountIdentifier=A1',
        connector('db', 'jdbc:postgresql://db:5432/orders'),
      ),
      await call(
        'POST',
        '/ng/api/connectors?accountIdentifier=A1',
        connector('maria', 'jdbc:mariadb://db:3306/orders'),
      ),
      await call(
        'POST',
        '/ng/api/connectors?accountIdentifier=A1',
        connector('mssql', 'jdbc:sqlserver://db:1433;databaseName=orders'),
      ),
    ];
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200]);
  }, 300_000);
  beforeEach(() => {
    seen = [];
    ng.dbdevops.pairs = [PAIR];
    ng.delegateService.behaviour = (payload, secrets) => {
      seen.push({ payload, secrets });
      const release = payload.kind === 'changelog-lock' ? payload.release : undefined;
      return {
        kind: 'changelog-lock',
        outcome: { status: 'succeeded', lock: release ? FREE : HELD, ...(release ? { release: 'released' } : {}) },
      };
    };
  });
  afterAll(() => ng.stop());

  it('are looked at by a delegate of the connector, with its secrets sealed and nothing else', async () => {
    const answer = await call('GET', `${LOCK}?accountIdentifier=A1`);
    expect([answer.status, answer.body]).toEqual([200, HELD]);
    expect(ng.delegateService.submitted.at(-1)).toMatchObject({
      scope: { accountId: 'A1', orgId: '', projectId: '' },
      selectors: ['east'],
    });
    const asked = seen.at(-1);
    expect(asked?.payload).toMatchObject({
      kind: 'changelog-lock',
      url: 'jdbc:postgresql://db:5432/orders',
      usernameSlot: 'db-username',
      passwordSlot: 'db-password',
    });
    expect(asked?.payload).not.toHaveProperty('release');
    expect(asked?.secrets).toEqual({
      '<+secrets.getValue("account.db_user")>': 'value of db_user',
      '<+secrets.getValue("account.db_password")>': 'value of db_password',
    });
    expect(await releases()).toEqual([]);
  });

  it('are released from the holder that is named, and the audit trail says by whom, from whom and how it ended', async () => {
    const done = await call('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER });
    expect([done.status, done.body]).toEqual([200, { release: 'released', lock: FREE }]);
    expect(seen.at(-1)?.payload).toMatchObject({ release: { holder: HOLDER, force: false } });
    ng.delegateService.behaviour = () => ({
      kind: 'changelog-lock',
      outcome: { status: 'succeeded', lock: { ...HELD, session: 'alive' }, release: 'sessionAlive' },
    });
    expect((await call('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER })).body).toEqual({
      release: 'sessionAlive',
      lock: { ...HELD, session: 'alive' },
    });
    ng.delegateService.behaviour = () => ({
      kind: 'changelog-lock',
      outcome: {
        status: 'failed',
        error: { message: 'the database refuses user "ann"', failureType: 'Authentication' },
      },
    });
    const failed = await call('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER, force: true });
    expect(shown(failed)).toEqual([503, expect.stringContaining('the database refuses user "ann"')]);
    const stored = (await releases()).map(({ details, resource, action }: Record<string, unknown>) => ({
      details,
      resource,
      action,
    }));
    const resource = { type: 'CHANGELOG_LOCK', identifier: 'orders/prod', labels: {} };
    expect(stored).toEqual([
      {
        action: 'UPDATE',
        resource,
        details: { holder: HOLDER, force: true, outcome: 'failed', reason: 'the database refuses user "ann"' },
      },
      { action: 'UPDATE', resource, details: { holder: HOLDER, force: false, outcome: 'sessionAlive' } },
      { action: 'UPDATE', resource, details: { holder: HOLDER, force: false, outcome: 'released' } },
    ]);
  });

  it('say why there is no answer when no delegate is there, and never that the lock is free', async () => {
    ng.delegateService.behaviour = () => 'nobody';
    expect(shown(await call('GET', `${LOCK}?accountIdentifier=A1`))).toEqual([
      503,
      expect.stringContaining('no delegate is connected'),
    ]);
    ng.delegateService.behaviour = () => 'unreadable';
    expect(shown(await call('GET', `${LOCK}?accountIdentifier=A1`))).toEqual([
      503,
      expect.stringContaining('cannot be recorded'),
    ]);
  });

  it('take the right to use the connector and its secrets where they live, besides the right in the project', async () => {
    const inProject = { orgId: 'default', projectId: 'shop' };
    const before = ng.delegateService.submitted.length;
    const viewer = ng.as('A1', [{ role: 'viewer', ...inProject }]);
    const executor = ng.as('A1', [{ role: 'pipeline_executor', ...inProject }]);
    expect((await viewer('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER })).status).toBe(403);
    for (const as of [viewer, executor])
      expect(shown(await as('GET', `${LOCK}?accountIdentifier=A1`))).toEqual([
        400,
        expect.stringContaining('there is no connector "db" in account A1 that Test User may use'),
      ]);
    expect(shown(await executor('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER }))).toEqual([
      400,
      expect.stringContaining('there is no connector "db" in account A1 that Test User may use'),
    ]);
    expect((await ng.as('B1')('GET', `${LOCK}?accountIdentifier=B1`)).status).toBe(404);
    expect(ng.delegateService.submitted).toHaveLength(before);
    const shared = ng.as('A1', [{ role: 'pipeline_executor', ...inProject }, { role: 'resource_user' }]);
    expect((await shared('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER })).body).toMatchObject({
      release: 'released',
    });
  });

  it('on MariaDB are asked for as on PostgreSQL', async () => {
    ng.dbdevops.pairs = [{ ...PAIR, dbInstance: { ...PAIR.dbInstance, connector: 'account.maria' } }];
    expect((await call('GET', `${LOCK}?accountIdentifier=A1`)).body).toEqual(HELD);
    expect(seen.at(-1)?.payload).toMatchObject({ kind: 'changelog-lock', url: 'jdbc:mariadb://db:3306/orders' });
    expect((await call('POST', `${LOCK}/release?accountIdentifier=A1`, { holder: HOLDER })).body).toEqual({
      release: 'released',
      lock: FREE,
    });
  });

  it('on another database answer the SQL that does the same, and a Flyway schema has none', async () => {
    ng.dbdevops.pairs = [{ ...PAIR, dbInstance: { ...PAIR.dbInstance, connector: 'account.mssql' } }];
    expect(shown(await call('GET', `${LOCK}?accountIdentifier=A1`))).toEqual([
      422,
      expect.stringMatching(/SQL Server.*not supported yet.*SELECT LOCKED.*UPDATE DATABASECHANGELOGLOCK/),
    ]);
    await call('POST', '/ng/api/connectors?accountIdentifier=A1', {
      connector: { identifier: 'mongo', name: 'mongo', type: 'JDBC', spec: { url: 'mongodb://h/d' } },
    });
    ng.dbdevops.pairs = [{ ...PAIR, dbInstance: { ...PAIR.dbInstance, connector: 'account.mongo' } }];
    expect(shown(await call('GET', `${LOCK}?accountIdentifier=A1`))).toEqual([
      422,
      expect.stringMatching(/is on MongoDB, where no step runs.*connector to PostgreSQL, MariaDB or MySQL/),
    ]);
    ng.dbdevops.pairs = [{ ...PAIR, dbSchema: { ...PAIR.dbSchema, migrationType: 'Flyway' } }];
    expect(shown(await call('GET', `${LOCK}?accountIdentifier=A1`))).toEqual([
      400,
      expect.stringContaining('no change log lock'),
    ]);
    expect(seen).toEqual([]);
  });
});
