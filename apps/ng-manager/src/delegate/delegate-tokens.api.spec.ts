import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseDelegateToken } from '@sluice/delegate-protocol';
import { newId, waitFor, type RoleGrant } from '@sluice/kernel';
import type { AuditEvent, DelegateToken } from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { SEEDED_DELEGATE_TOKEN, startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const ROOT = '/ng/api/delegate-token-ng';
const A1 = 'accountIdentifier=A1';
const SHOP = `${A1}&orgIdentifier=o&projectIdentifier=shop`;
const inShop = { orgId: 'o', projectId: 'shop' };
type Caller = ReturnType<NgManagerUnderTest['as']>;

describe('the value of a delegate token', () => {
  let ng: NgManagerUnderTest;
  let admin: Caller;
  const plain = (token: DelegateToken): string => Buffer.from(token.value ?? '', 'base64').toString();
  const create = async (name: string, query = A1, as = admin): Promise<DelegateToken> => {
    const { status, body } = await as('POST', `${ROOT}?${query}&tokenName=${name}`);
    expect(status).toBe(200);
    return body.resource;
  };
  const list = async (query: string, as = admin): Promise<DelegateToken[]> =>
    (await as('GET', `${ROOT}?${query}`)).body.resource;
  const get = async (name: string, query = A1, as = admin): Promise<DelegateToken> =>
    (await as('GET', `${ROOT}/${name}?${query}`)).body.resource;
  const reads = async (): Promise<AuditEvent[]> =>
    (
      await admin('POST', `/ng/api/audits/list?${A1}&pageSize=100`, {
        filterType: 'Audit',
        actions: ['SECRET_ACCESS'],
        resources: [{ type: 'DELEGATE_TOKEN' }],
      })
    ).body.data.content;
  const stored = (): Promise<{ token_id: string }[]> =>
    ng.pg.query(ng.database, 'SELECT token_id FROM delegate_token_values');
  /** Audit events of reads that `work` caused. */
  const toldOf = async (work: () => Promise<unknown>): Promise<AuditEvent[]> => {
    const before = new Set((await reads()).map(({ auditId }) => auditId));
    await work();
    return (await reads()).filter(({ auditId }) => !before.has(auditId));
  };

  beforeAll(async () => {
    ng = await startNgManager();
    admin = ng.as('A1');
    await admin('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } });
    await admin('POST', `/ng/api/projects?${A1}&orgIdentifier=o`, { project: { identifier: 'shop', name: 'Shop' } });
  }, 300_000);
  afterAll(() => ng.stop());

  it('is base64 of what a delegate signs in with, the same at creation and in every later read', async () => {
    const made = await create('first');
    expect(parseDelegateToken(plain(made))?.id).toBe(made.uuid);
    expect([made.value, (await get('first')).value, (await list(`${A1}&name=first&status=ACTIVE`))[0]?.value]).toEqual([
      made.value,
      made.value,
      made.value,
    ]);
  });

  it('of a seeded token is given too', async () => {
    await waitFor(
      async () => ((await stored()).some(({ token_id }) => token_id === 'seeded-token') ? true : undefined),
      { timeoutMs: 120_000, what: 'the seeded token' },
    );
    expect(plain(await get('default_token'))).toBe(SEEDED_DELEGATE_TOKEN);
  });

  it.each<[string, readonly RoleGrant[], string, boolean]>([
    ['a viewer', [{ role: 'viewer' }], A1, false],
    ['who executes pipelines', [{ role: 'pipeline_executor' }], A1, false],
    ['an administrator of a project, at the project', [{ role: 'project_admin', ...inShop }], SHOP, true],
    [
      'an administrator of a project who views the account, at the account',
      [{ role: 'viewer' }, { role: 'project_admin', ...inShop }],
      A1,
      false,
    ],
    ['an administrator of the organization, at the project', [{ role: 'org_admin', orgId: 'o' }], SHOP, true],
    [
      'a viewer of the project who administers another',
      [
        { role: 'viewer', ...inShop },
        { role: 'project_admin', orgId: 'o', projectId: 'other' },
      ],
      SHOP,
      false,
    ],
  ])('is given to who may change tokens there and to nobody else: %s', async (_, grants, query, isShown) => {
    const made = await create(`t_${newId()}`, query);
    const as = ng.as('A1', grants);
    const told = await toldOf(async () => {
      const expected = isShown ? made.value : null;
      expect([
        (await get(made.name, query, as)).value,
        (await list(`${query}&name=${made.name}`, as))[0]?.value,
      ]).toEqual([expected, expected]);
    });
    expect(told).toHaveLength(isShown ? 2 : 0);
  });

  it('is of its own account, also under the same name', async () => {
    const [theirs, mine] = [await create('same', 'accountIdentifier=B1', ng.as('B1')), await create('same')];
    expect((await get('same', 'accountIdentifier=B1', ng.as('B1'))).value).toBe(theirs.value);
    expect(mine.value).not.toBe(theirs.value);
    for (const path of [`${ROOT}?${A1}`, `${ROOT}/same?${A1}`]) {
      const { status, body } = await ng.as('B1')('GET', path);
      expect([status, JSON.stringify(body).includes(mine.value ?? '-')]).toEqual([403, false]);
    }
    expect((await ng.as('B1')('GET', `${ROOT}/first?accountIdentifier=B1`)).status).toBe(404);
    await ng.as('B1')('PUT', `${ROOT}/same?accountIdentifier=B1`);
    expect((await get('same')).value).toBe(mine.value);
  });

  it('is gone once the token is revoked or deleted, and another one when it is made again', async () => {
    const made = await create('short');
    expect((await admin('PUT', `${ROOT}?${A1}&tokenName=short`)).body.resource).toMatchObject({
      status: 'REVOKED',
      value: null,
    });
    expect([(await get('short')).value, (await list(`${A1}&name=short&status=REVOKED`))[0]?.value]).toEqual([
      null,
      null,
    ]);
    await admin('DELETE', `${ROOT}/short?${A1}`);
    const again = await create('short');
    expect([again.value === made.value, (await get('short')).value === again.value]).toEqual([false, true]);
    await admin('DELETE', `${ROOT}/short?${A1}`);
    const left = (await stored()).map(({ token_id }) => token_id);
    expect([left.includes(made.uuid), left.includes(again.uuid)]).toEqual([false, false]);
  });

  it('of a token that was refused is not kept', async () => {
    await create('taken');
    const before = await stored();
    expect((await admin('POST', `${ROOT}?${A1}&tokenName=taken`)).body.code).toBe('DUPLICATE_FIELD');
    expect(await stored()).toEqual(before);
  });

  it('of a token made before values were kept is null, and nobody is told of a read', async () => {
    const old = {
      id: newId(),
      scope: { accountId: 'A1', orgId: '', projectId: '' },
      name: 'old',
      status: 'ACTIVE' as const,
      createdAtMs: 1,
      createdBy: 'x',
      value: '',
      revokeAfterMs: 0,
    };
    ng.delegateService.tokens.push(old);
    const told = await toldOf(async () => expect(await get('old')).toMatchObject({ uuid: old.id, value: null }));
    expect(told).toEqual([]);
  });

  it('read is told of once for each request, naming the tokens', async () => {
    for (const name of ['one', 'two']) await create(name, SHOP);
    const one = await toldOf(() => get('one', SHOP));
    expect(one).toMatchObject([
      {
        action: 'SECRET_ACCESS',
        resource: { type: 'DELEGATE_TOKEN', identifier: 'one' },
        resourceScope: { orgIdentifier: 'o', projectIdentifier: 'shop' },
        details: { names: ['one'] },
      },
    ]);
    const many = await toldOf(() => list(SHOP));
    expect(many).toHaveLength(1);
    expect(many[0]).toMatchObject({
      resource: { identifier: '*' },
      details: { names: expect.arrayContaining(['one', 'two']) },
    });
    const others = await toldOf(async () => {
      await admin('GET', `${ROOT}/one/delegates?${SHOP}`);
      await admin('PUT', `${ROOT}/one?${SHOP}`);
    });
    expect(others).toEqual([]);
  });

  it('is in no log and in no table, in either spelling', async () => {
    const replica = await startReplica(ng);
    const tokens: DelegateToken[] = [];
    try {
      for (const [method, path] of [
        ['POST', `${ROOT}?${A1}&tokenName=told`],
        ['GET', `${ROOT}/told?${A1}`],
        ['GET', `${ROOT}?${A1}`],
        ['POST', `${ROOT}?${A1}&tokenName=told`],
        ['PUT', `${ROOT}/told?${A1}`],
      ] as const) {
        const { resource } = (await (
          await fetch(`${replica.url}${path}`, {
            method,
            headers: await ng.identities.headers('ng-manager', testUser('A1')),
          })
        ).json()) as { resource: DelegateToken | DelegateToken[] | null };
        tokens.push(...[resource ?? []].flat());
      }
    } finally {
      await replica.stop();
    }
    const values = tokens.flatMap((token) => (token.value ? [plain(token).split('.')[1] ?? '', token.value] : []));
    expect(values.length).toBeGreaterThan(4);
    const tables = await ng.pg.query<{ name: string }>(
      ng.database,
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const rows: string[] = [];
    for (const { name } of tables)
      for (const { row } of await ng.pg.query<{ row: string }>(ng.database, `SELECT t::text AS row FROM "${name}" t`))
        rows.push(row);
    const bytes = await ng.pg.query<{ text: string }>(
      ng.database,
      `SELECT encode(ciphertext, 'escape') AS text FROM delegate_token_values`,
    );
    const everything = [...rows, ...bytes.map(({ text }) => text), replica.output()].join('\n');
    expect(values.filter((value) => everything.includes(value))).toEqual([]);
    expect([replica.output().includes('"msg":"listening"'), rows.length > 20]).toEqual([true, true]);
  }, 300_000);
});

/** The built app in a process of its own, on the database of `ng`, telling all it can tell. */
async function startReplica(ng: NgManagerUnderTest): Promise<{ url: string; output(): string; stop(): Promise<void> }> {
  const root = resolve(import.meta.dirname, '../../../..');
  const built = spawnSync(process.execPath, ['tools/build.mjs', '--no-ui'], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  const child = spawn(process.execPath, ['apps/ng-manager/dist/main.js'], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...ng.environment, LOG_LEVEL: 'trace' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = await waitFor(async () => /"ready":true,"url":"([^"]+)"/.exec(output)?.[1], {
    timeoutMs: 120_000,
    what: 'the replica',
  });
  return {
    url,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
