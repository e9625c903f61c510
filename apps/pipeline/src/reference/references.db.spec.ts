import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RouteClient } from '@sluice/http';
import { newId, projectScope, waitFor, type ProjectScope } from '@sluice/kernel';
import { openDataSource } from '@sluice/persistence';
import { createLogger } from '@sluice/telemetry';
import {
  quickestMs,
  startPostgres,
  testIdentities,
  testUser,
  type TestIdentities,
  type TestPostgres,
} from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { createPipelineDataSource } from '../database/data-source.js';
import { Documents } from '../documents/documents.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import { NgManager } from '../run/ng-manager.js';
import { startNgManagerDouble, type NgManagerDouble } from '../testing/ng-manager-double.js';
import { References } from './references.js';
import type { DocumentAt } from './stored-document.js';

/** Never over in a test by itself. */
const LONG_MS = 600_000;

describe('what replicas say a document refers to', () => {
  let pg: TestPostgres;
  let db: DataSource;
  let identities: TestIdentities;
  let ngManager: NgManagerDouble;
  let client: NgManager;
  let documents: Documents;
  const ctx = { ...testUser('acc'), correlationId: 'c', traceparent: undefined };

  beforeAll(async () => {
    pg = await startPostgres();
    db = await openDataSource(createPipelineDataSource(await pg.createDatabase('pipeline'), 12));
    documents = new Documents({ size: 1, deadlineMs: LONG_MS });
    identities = testIdentities();
    ngManager = await startNgManagerDouble(await identities.of('ng-manager'));
    client = new NgManager(
      new RouteClient({
        target: 'ng-manager',
        baseUrl: ngManager.url,
        identity: await identities.of('pipeline'),
        timeoutMs: LONG_MS,
      }),
      1_000,
    );
  }, 300_000);
  afterEach(() => {
    ngManager.state.whileTold = () => Promise.resolve();
  });
  afterAll(async () => {
    await documents.stop();
    await client.close();
    await ngManager.close();
    await db.destroy();
    await pg.stop();
    identities.stop();
  });

  const replica = (waitMs = LONG_MS): References =>
    new References(db, client, documents, createLogger('pipeline', 'silent'), { waitMs });
  const yaml = (secret: string): string =>
    `pipeline:\n  identifier: p\n  variables:\n    - { name: v, type: Secret, value: ${secret} }\n`;
  const project = (): ProjectScope => projectScope('acc', 'default', `p${newId()}`);
  const pipelineAt = (scope: ProjectScope, identifier = 'p'): DocumentAt => ({
    scope,
    kind: 'pipeline',
    pipelineIdentifier: identifier,
    identifier,
  });
  const insert = (scope: ProjectScope, secret: string): Promise<void> =>
    new PipelineRepository(db).insert(
      scope,
      { identifier: 'p', name: 'p', description: null, tags: {}, yaml: yaml(secret), stageNames: [], filters: {} },
      1,
    );
  const remove = async (scope: ProjectScope): Promise<void> =>
    void (await new PipelineRepository(db).delete(scope, 'p', undefined));
  const usesOf = ({ accountId, orgId, projectId }: ProjectScope): readonly string[] | undefined =>
    ngManager.state.uses.get(`${accountId}/${orgId}/${projectId} pipeline p`);

  /** Holds up the first replacement on its way to NG manager. */
  function holdFirstReplacement(): { readonly isHeld: () => boolean; readonly letGo: () => void } {
    let letGo: (() => void) | undefined;
    ngManager.state.whileTold = ({ mode }) =>
      mode !== 'replace' || letGo
        ? Promise.resolve()
        : new Promise((resolve) => {
            letGo = resolve;
          });
    return { isHeld: () => letGo !== undefined, letGo: () => letGo?.() };
  }

  it.each([
    [
      'a change',
      async (scope: ProjectScope, other: References): Promise<void> =>
        other.whileStoring(ctx, pipelineAt(scope), yaml('new'), async () => {
          await remove(scope);
          await insert(scope, 'new');
        }),
      ['secret new'],
    ],
    [
      'its removal',
      async (scope: ProjectScope, other: References): Promise<void> => {
        await remove(scope);
        await other.forget(ctx, [pipelineAt(scope)]);
      },
      [],
    ],
    [
      'its removal and another one of its name',
      async (scope: ProjectScope, other: References): Promise<void> => {
        await remove(scope);
        await other.forget(ctx, [pipelineAt(scope)]);
        await other.whileStoring(ctx, pipelineAt(scope), yaml('new'), () => insert(scope, 'new'));
      },
      ['secret new'],
    ],
  ])(
    'is what is stored, also when one that stood still says last what it read before %s',
    async (_what, change, expected) => {
      const [scope, stalled, other] = [project(), replica(), replica()];
      const held = holdFirstReplacement();
      const first = stalled.whileStoring(ctx, pipelineAt(scope), yaml('old'), () => insert(scope, 'old'));
      await waitFor(held.isHeld, { timeoutMs: 120_000, what: 'the replacement of the one that stands still' });
      await change(scope, other);
      held.letGo();
      await first;
      expect(usesOf(scope)).toEqual(expected);
    },
  );

  it('keeps nobody waiting longer than its time, however many documents go at once, and asks for a few of them at a time', async () => {
    const [scope, waitMs] = [project(), 300];
    let [asked, most] = [0, 0];
    const elapsed = await quickestMs(20_000, async () => {
      const left: (() => void)[] = [];
      asked = 0;
      ngManager.state.whileTold = () => {
        asked += 1;
        most = Math.max(most, asked);
        return new Promise((resolve) => left.push(resolve));
      };
      const from = Date.now();
      await replica(waitMs).forget(
        ctx,
        Array.from({ length: 200 }, (_, index) => pipelineAt(scope, `p${index}`)),
      );
      const taken = Date.now() - from;
      for (const resolve of left) resolve();
      return taken;
    });
    expect(elapsed).toBeLessThan(20_000);
    expect(most).toBeLessThanOrEqual(8);
    ngManager.state.whileTold = () => Promise.resolve();
    const held: (() => void)[] = [];
    const stored = await replica(waitMs).whileStoring(ctx, pipelineAt(scope), yaml('x'), () => {
      ngManager.state.whileTold = () => new Promise((resolve) => held.push(resolve));
      return Promise.resolve('stored');
    });
    for (const resolve of held) resolve();
    expect(stored).toBe('stored');
  }, 300_000);

  it('is said from the audit trail also while one account keeps the threads and its line full', async () => {
    const scope = project();
    const busy = new Documents({ size: 1, deadlineMs: LONG_MS });
    const large = `${yaml('kept')}${'#'.repeat(20_000)}\n`;
    // One takes long to match nothing, the others wait behind it: the next document of the account is refused.
    const hostile = Array.from({ length: 250 }, (_, index) => index);
    const kept = [
      busy.fill(
        'acc',
        `pipeline:\n  identifier: h\n  variables:\n${hostile.map((at) => `    - { name: v${at}, type: String, value: '<+input>.regex("^(a+)+$")' }\n`).join('')}`,
        `pipeline:\n  identifier: h\n  variables:\n${hostile.map((at) => `    - { name: v${at}, type: String, value: "${'a'.repeat(40)}!" }\n`).join('')}`,
      ),
      ...Array.from({ length: 200 }, () => busy.read('acc', 'references', large)),
    ].map((one) => one.catch(() => undefined));
    await new PipelineRepository(db).insert(
      scope,
      { identifier: 'p', name: 'p', description: null, tags: {}, yaml: large, stageNames: [], filters: {} },
      1,
    );
    await new References(db, client, busy, createLogger('pipeline', 'silent'), { waitMs: LONG_MS }).settleChanged(ctx, [
      {
        eventId: newId(),
        at: 1,
        accountId: scope.accountId,
        orgId: scope.orgId,
        projectId: scope.projectId,
        action: 'update',
        resourceType: 'pipeline',
        identifier: 'p',
        name: 'p',
        actor: { type: 'user', id: 'u', name: 'Ann' },
        origin: null,
        requestMethod: null,
        correlationId: 'c',
        details: {},
        before: null,
        after: null,
        changes: [],
      },
    ]);
    expect(usesOf(scope)).toEqual(['secret kept']);
    await busy.stop();
    await Promise.all(kept);
  }, 300_000);

  it('is told of all documents that go at once, in time', async () => {
    const scope = project();
    const all = Array.from({ length: 30 }, (_, index) => pipelineAt(scope, `p${index}`));
    const told = new Set<string>();
    ngManager.state.whileTold = ({ mode, user }) => (
      mode === 'replace' && told.add(user.identifier),
      Promise.resolve()
    );
    await replica().forget(ctx, all);
    expect([...told].sort()).toEqual(all.map(({ identifier }) => identifier).sort());
  });
});
