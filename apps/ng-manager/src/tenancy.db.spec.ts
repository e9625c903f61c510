import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type AccountScope, type OrgScope, type ProjectScope } from '@sluice/kernel';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { openDatabase } from './database.js';
import { addBuiltInConnectors } from './connector/built-in-connectors.js';
import { Stores, UnitOfWork } from './persistence/unit-of-work.js';

const page = { index: 0, size: 100 };

/** Both tenants use the same identifiers everywhere, so a query that forgets the account finds the other's row. */
function places(accountId: string): { account: AccountScope; org: OrgScope; project: ProjectScope } {
  return {
    account: accountScope(accountId),
    org: { level: 'org', accountId, orgId: 'o' },
    project: projectScope(accountId, 'o', 'p'),
  };
}

async function fill(stores: Stores, accountId: string): Promise<void> {
  const { account, org, project } = places(accountId);
  const named = { name: accountId, description: null, tags: {} };
  await stores.accounts.ensure(accountId, accountId);
  await stores.accounts.addDataKey({ accountId, version: 1, keyEncryptionKeyId: 'k', wrappedKey: Buffer.from('x') });
  await stores.users.insert({ accountId, id: 'u', email: 'u@example.com', name: accountId });
  await stores.roleBindings.ensure(account, { userId: 'u' }, 'viewer');
  const owner = { accountId, userId: 'u' };
  await stores.apiKeys.insertKey({
    ...owner,
    ...named,
    identifier: 'k',
    orgId: null,
    projectId: null,
    defaultTimeToExpireMs: null,
  });
  await stores.apiKeys.insertToken({
    ...owner,
    ...named,
    id: `t-${accountId}`,
    apiKeyIdentifier: 'k',
    identifier: 't',
    secretHash: Buffer.alloc(32),
    status: 'active',
    isSuperseded: false,
    validFrom: new Date(),
    validTo: null,
    scheduledExpireAt: null,
    orgId: null,
    projectId: null,
  });
  await stores.organizations.insert(account, 'o', named);
  await stores.projects.insert(project, { ...named, color: null, modules: [] });
  for (const scope of [account, org, project]) {
    await addBuiltInConnectors(stores, scope);
    await stores.connectors.insert(scope, 'c', {
      ...named,
      type: 'Git',
      spec: { url: 'https://g', type: 'Http', connectionType: 'Repo' },
    });
    await stores.secrets.insert(
      { scope, identifier: 's' },
      { ...named, type: 'SecretText', spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline' } },
      { ciphertext: Buffer.from(accountId), keyVersion: 1 },
      null,
    );
    await stores.uses.replace({ kind: 'connector', scope, identifier: 'c' }, [
      { kind: 'secret', scope, identifier: 's' },
    ]);
    await stores.variables.insert({ scope, identifier: 'v' }, { ...named, value: accountId });
    await stores.settings.put(scope, 'dbops_llm_authoring_pipeline', accountId, true);
  }
  await stores.userGroups.ensureAllUsers(accountId);
  for (const [at, scope] of [account, org, project].entries()) {
    await stores.userGroups.insert(scope, 'g', named);
    for (const kind of ['role', 'resourceGroup'] as const)
      await stores.keptAccess.insert(scope, kind, 'kept', { ...named, content: {} });
    const group = await stores.userGroups.find(scope, 'g');
    if (group) await stores.userGroups.addMembers(group, ['u']);
    await stores.users.insert({
      accountId,
      id: `sa${at}`,
      type: 'serviceAccount',
      email: 'robot@example.com',
      name: accountId,
    });
    await stores.serviceAccounts.insert(scope, `sa${at}`, 'robot', { ...named, email: 'robot@example.com' });
    await stores.roleBindings.insert(scope, { userId: `sa${at}` }, 'viewer', 'binding');
  }
  await stores.delegateTokenValues.add({
    accountId,
    tokenId: 'token',
    ciphertext: Buffer.from(accountId),
    keyVersion: 1,
  });
  await stores.changelogLockTasks.insert({
    taskId: `lock-${accountId}`,
    scope: project,
    question: { orgId: 'o', projectId: 'p', dbSchema: 's', dbInstance: 'i', release: null },
    expressions: [],
    askedBy: { principal: { type: 'user', id: 'u', name: accountId, email: 'u@example.com' }, correlationId: 'c' },
  });
  await stores.connectorTests.insert({
    taskId: `task-${accountId}`,
    connector: { scope: project, identifier: 'c' },
    expressions: [],
    askedBy: null,
  });
  await stores.audit.append(
    { principal: { type: 'service', id: 'x', name: 'x' }, correlationId: 'c' },
    { action: 'create', resourceType: 'x', identifier: 'x', scope: account },
  );
}

describe('tenants', () => {
  let pg: TestPostgres;
  let dataSource: DataSource;
  let stores: Stores;
  const mine = places('A');
  const empty = places('N');

  beforeAll(async () => {
    pg = await startPostgres();
    dataSource = await openDatabase(await pg.createDatabase('ng'), 5);
    stores = new Stores(dataSource.manager);
    for (const account of ['A', 'B']) await new UnitOfWork(dataSource).run((inside) => fill(inside, account));
    await stores.accounts.ensure('N', 'nothing in it');
  }, 300_000);
  afterAll(async () => {
    await dataSource.destroy();
    await pg.stop();
  });

  it('every table holds the account of its rows', async () => {
    const tables = await pg.query<{ table_name: string }>(
      'ng',
      `SELECT table_name FROM information_schema.tables t WHERE table_schema = 'public' AND table_name <> 'migrations'
      AND NOT EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_name = t.table_name AND c.column_name = 'account_id')`,
    );
    expect(tables.map(({ table_name }) => table_name)).toEqual(['accounts']);
  });

  it.each(['account', 'org', 'project'] as const)(
    'at %s level each sees rows of its own only, under the same identifiers',
    async (level) => {
      const at = { scope: mine[level], identifier: 's' };
      expect((await stores.secrets.findWithValue(at))?.ciphertext?.toString()).toBe('A');
      expect((await stores.secrets.find(at))?.name).toBe('A');
      expect((await stores.connectors.find({ ...at, identifier: 'c' }))?.name).toBe('A');
      expect(await stores.variables.values(mine[level], ['v'])).toEqual({ v: 'A' });
      expect(
        (await stores.variables.page(mine[level], page, true)).rows.map(({ accountId }) => accountId),
      ).not.toContain('B');
      expect((await stores.uses.usersOf({ kind: 'secret', ...at })).map(({ scope }) => scope)).toEqual([mine[level]]);
      expect(new Set((await stores.settings.inLineage(mine[level])).map(({ value }) => value))).toEqual(new Set(['A']));
      const filter = { withParents: true, withChildren: true };
      expect(
        new Set((await stores.secrets.page(mine[level], 'u', page, filter)).rows.map(({ accountId }) => accountId)),
      ).toEqual(new Set(['A']));
      expect(
        new Set(
          (await stores.connectors.page(mine[level], page, { withParents: true })).rows.map(
            ({ accountId }) => accountId,
          ),
        ),
      ).toEqual(new Set(['A']));
    },
  );

  it.each(['account', 'org', 'project'] as const)(
    'a third tenant sees nothing of theirs at %s level',
    async (level) => {
      const scope = empty[level];
      expect(await stores.secrets.find({ scope, identifier: 's' })).toBeNull();
      expect(await stores.secrets.findWithValue({ scope, identifier: 's' })).toBeNull();
      expect(await stores.connectors.find({ scope, identifier: 'c' })).toBeNull();
      expect((await stores.secrets.page(scope, 'u', page, { withParents: true, withChildren: true })).total).toBe(0);
      expect((await stores.connectors.page(scope, page, { withParents: true })).total).toBe(0);
      expect(await stores.uses.usersOf({ kind: 'secret', scope, identifier: 's' })).toEqual([]);
      expect(await stores.settings.inLineage(scope)).toEqual([]);
      expect([
        await stores.variables.find({ scope, identifier: 'v' }),
        (await stores.variables.page(scope, page, true)).total,
      ]).toEqual([null, 0]);
      expect([
        await stores.secrets.delete({ scope, identifier: 's' }),
        await stores.connectors.delete({ scope, identifier: 'c' }),
      ]).toEqual([false, false]);
    },
  );

  it('accounts, organizations, projects, people and keys stay apart as well', async () => {
    expect(
      (await stores.organizations.page(mine.account, page, { visible: 'all' })).rows.map(({ name }) => name),
    ).toEqual(['A']);
    expect((await stores.projects.page(mine.account, page, { visible: 'all' })).rows.map(({ name }) => name)).toEqual([
      'A',
    ]);
    expect((await stores.organizations.page(empty.account, page, { visible: 'all' })).total).toBe(0);
    expect(await stores.organizations.find(empty.account, 'o')).toBeNull();
    expect(await stores.projects.find(empty.project)).toBeNull();
    expect(await stores.projects.allIn(empty.org)).toEqual([]);
    expect((await stores.users.find('A', 'u'))?.name).toBe('A');
    expect((await stores.users.page('N', page)).total).toBe(0);
    expect(await stores.roleBindings.bindingsOf('N', ['u'])).toEqual([]);
    expect(await stores.accounts.currentDataKey('N')).toBeNull();
    expect(await stores.apiKeys.presented('B', 't-A')).toBeUndefined();
    expect((await stores.apiKeys.presented('A', 't-A'))?.grants).toEqual([{ role: 'viewer' }]);
    expect((await stores.apiKeys.pageOfTokens({ accountId: 'N', userId: 'u' }, {}, page)).total).toBe(0);
    expect(
      (await stores.delegateTokenValues.find('A', ['token'])).map(({ ciphertext }) => ciphertext.toString()),
    ).toEqual(['A']);
    expect(await stores.delegateTokenValues.find('N', ['token'])).toEqual([]);
    expect(await stores.changelogLockTasks.find('B', 'lock-A')).toBeUndefined();
    expect(await stores.changelogLockTasks.end('B', 'lock-A', { status: 'failed', message: 'x' })).toBe(false);
    expect(await stores.connectorTests.find('B', 'task-A')).toBeUndefined();
    expect(
      await stores.connectorTests.end('B', 'task-A', {
        status: 'SUCCESS',
        errors: [],
        errorSummary: null,
        testedAt: 1,
        delegateId: null,
      }),
    ).toBe(false);
  });

  it('a removed project holds its name in its own account only', async () => {
    await stores.removedProjects.add(mine.project, {
      principal: { type: 'user', id: 'u', name: 'A' },
      correlationId: 'c',
    });
    const holds = await Promise.all(
      [mine, places('B'), empty].map(({ project }) => stores.removedProjects.holds(project)),
    );
    expect(holds).toEqual([true, false, false]);
  });

  it.each(['account', 'org', 'project'] as const)(
    'service accounts, groups and roles of the %s are seen by their own account only',
    async (level) => {
      const scope = mine[level];
      expect((await stores.serviceAccounts.page(scope, page)).rows.map(({ name }) => name)).toEqual(['A']);
      expect(
        (await stores.userGroups.page([{ scope }], page)).rows
          .filter(({ holdsAllUsers }) => !holdsAllUsers)
          .map(({ name }) => name),
      ).toEqual(['A']);
      expect((await stores.roleBindings.find(scope, 'binding'))?.accountId).toBe('A');
      expect(new Set((await stores.roleBindings.page(scope, page, {})).rows.map(({ accountId }) => accountId))).toEqual(
        new Set(['A']),
      );
      expect([
        await stores.serviceAccounts.find(empty[level], 'robot'),
        await stores.userGroups.find(empty[level], 'g'),
        await stores.roleBindings.find(empty[level], 'binding'),
      ]).toEqual([null, null, null]);
      for (const kind of ['role', 'resourceGroup'] as const) {
        expect([
          (await stores.keptAccess.all(scope, kind)).map(({ name }) => name),
          (await stores.keptAccess.find(scope, kind, 'kept'))?.accountId,
          await stores.keptAccess.count(scope, kind),
        ]).toEqual([['A'], 'A', 1]);
        expect([
          await stores.keptAccess.all(empty[level], kind),
          await stores.keptAccess.find(empty[level], kind, 'kept'),
          await stores.keptAccess.count(empty[level], kind),
        ]).toEqual([[], null, 0]);
      }
      expect(await stores.roleBindings.heldBy(empty[level], ['u', 'sa0', 'sa1', 'sa2'])).toEqual([]);
      expect(await stores.roleBindings.grantsOf('N', 'sa0')).toEqual([]);
      expect(await stores.roleBindings.hasAdministrator('N')).toBe(false);
    },
  );

  it('an organization takes everything inside it along, and nothing of others', async () => {
    await stores.organizations.delete(places('B').account, 'o');
    const left = async (table: string): Promise<unknown> =>
      (await pg.query('ng', `SELECT account_id, count(*)::int AS rows FROM ${table} WHERE org_id = 'o' GROUP BY 1`))[0];
    for (const [table, rows] of [
      ['projects', 1],
      ['connectors', 4],
      ['secrets', 2],
      ['settings', 2],
      ['entity_uses', 2],
    ] as const)
      expect(await left(table)).toEqual({ account_id: 'A', rows });
    const robots = await pg.query<{ account_id: string; id: string }>(
      'ng',
      `SELECT account_id, id FROM users WHERE type = 'serviceAccount' ORDER BY 1, 2`,
    );
    expect(robots.map(({ account_id, id }) => `${account_id} ${id}`)).toEqual(['A sa0', 'A sa1', 'A sa2', 'B sa0']);
  });

  it('an identifier is unique at its scope, also where org and project are null', async () => {
    const again = stores.settings
      .put(mine.account, 'x', '1', true)
      .then(() => pg.query('ng', `INSERT INTO settings (account_id, identifier, value) VALUES ('A', 'x', '2')`));
    await expect(again).rejects.toThrow(/settings_are_unique/);
  });
});
