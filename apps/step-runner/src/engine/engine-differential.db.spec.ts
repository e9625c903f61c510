import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@sluice/testing';
import { generateProject, projectOfKinds } from '../testing/changelog-generator.js';
import { changelogKinds, type Kind } from '../testing/changelog-kinds.js';
import { EngineBench, type EngineInput, type EngineOutcome } from '../testing/engine-bench.js';

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

/** `SLUICE_DIFFERENTIAL_SEEDS=100-120` looks elsewhere and longer. */
const [from = 1, to = from + 2] = (process.env['SLUICE_DIFFERENTIAL_SEEDS'] ?? '1-3').split('-').map(Number);
const seeds = Array.from({ length: to - from + 1 }, (_none, index) => from + index);
/** Several at once take a third of the time; `SLUICE_DIFFERENTIAL_KINDS=each` shows which one differs. */
function groups(kinds: readonly Kind[]): (readonly [names: string, kinds: readonly Kind[]])[] {
  const isAlone = (kind: Kind): boolean => (kind.fails ?? false) || process.env['SLUICE_DIFFERENTIAL_KINDS'] === 'each';
  const together = kinds.filter((kind) => !isAlone(kind));
  const sets = [
    ...kinds.filter(isAlone).map((kind) => [kind]),
    ...Array.from({ length: Math.ceil(together.length / 4) }, (_none, index) =>
      together.slice(index * 4, index * 4 + 4),
    ),
  ];
  return sets.map((set) => [set.map(({ name }) => name).join(', '), set]);
}

const corpora = resolve(dirname(fileURLToPath(import.meta.url)), '../../../../../shared/corpora');

/** Stock Liquibase is the oracle: history, checksums, schema and data must be the same, whatever a changelog holds. */
describe('our engine leaves a database as the stock Liquibase command line does', () => {
  let bench: EngineBench;
  beforeAll(async () => {
    bench = await EngineBench.start();
  });
  afterAll(() => bench?.stop());

  async function compare(
    databases: { readonly ours: string; readonly theirs: string },
    changelog: string,
    input: EngineInput,
    root?: string,
  ): Promise<{ readonly rows: number; readonly succeeded: boolean }> {
    const [mine, stock] = await Promise.all([
      bench.run(databases.ours, changelog, input, root),
      bench.stock(databases.theirs, changelog, input, root),
    ]);
    return expectSame(databases, mine, stock);
  }

  async function expectSame(
    databases: { readonly ours: string; readonly theirs: string },
    mine: EngineOutcome,
    stock: { readonly succeeded: boolean },
  ): Promise<{ readonly rows: number; readonly succeeded: boolean }> {
    const ours = await bench.picture(databases.ours);
    expect(ours).toEqual(await bench.picture(databases.theirs));
    expect({ succeeded: mine.finished.status === 'succeeded', error: mine.finished.error?.message }).toEqual({
      succeeded: stock.succeeded,
      error: stock.succeeded ? undefined : expect.any(String),
    });
    return { rows: Array.isArray(ours['history']) ? ours['history'].length : 0, succeeded: stock.succeeded };
  }

  /** Ours looks before it rolls back: where one of the changesets has no rollback it rolls back none, and stock stops half way. */
  async function compareRollback(
    databases: { readonly ours: string; readonly theirs: string },
    changelog: string,
    input: EngineInput,
  ): Promise<void> {
    const [mine, stock] = await Promise.all([
      bench.run(databases.ours, changelog, input),
      bench.stock(databases.theirs, changelog, input),
    ]);
    if (mine.finished.error?.message.endsWith('has no rollback; nothing was rolled back'))
      expect(stock.succeeded).toBe(false);
    else await expectSame(databases, mine, stock);
  }

  it.each(groups(changelogKinds(new Random(1))))('kinds of changelogs: %s', async (_names, kinds) => {
    const project = projectOfKinds(kinds, { contexts: 'dev', labels: 'alpha', parameters: {} });
    const databases = { ours: await bench.freshDatabase(), theirs: await bench.freshDatabase() };
    bench.checkOut(project.files);
    // Otherwise nothing is compared that is worth it.
    expect((await compare(databases, project.changelog, project.first)).succeeded).toBe(
      !kinds.some(({ fails }) => fails),
    );
    bench.checkOut(project.changed);
    await compare(databases, project.changelog, project.second);
    await compareRollback(databases, project.changelog, { ...project.second, action: 'rollback', count: 3 });
  });

  it.each(seeds)(
    'generated changelogs, seed %i: an update, a second one of the changed project, a rollback',
    async (seed) => {
      const project = generateProject(seed);
      const databases = { ours: await bench.freshDatabase(), theirs: await bench.freshDatabase() };
      bench.checkOut(project.files);
      await compare(databases, project.changelog, project.first);
      bench.checkOut(project.changed);
      await compare(databases, project.changelog, project.second);
      await compareRollback(databases, project.changelog, { ...project.second, action: 'rollback', count: 2 });
    },
  );

  describe('real projects', () => {
    const projects = [
      { name: 'traccar', folders: ['traccar'], changelog: 'schema/changelog-master.xml', rows: 34, input: {} },
      {
        name: 'orca',
        folders: ['orca/orca-sql/src/main/resources', 'orca/keiko-sql/src/main/resources'],
        changelog: 'db/changelog-master.yml',
        rows: 44,
        input: {},
      },
      {
        name: 'jhipster',
        folders: ['jhipster/src/main/resources'],
        changelog: 'config/liquibase/master.xml',
        rows: 12,
        input: {},
      },
    ];
    if (!existsSync(corpora)) {
      it('skipped: the folder ../shared/corpora is not there', () =>
        console.info('real projects were not compared: ../shared/corpora is absent'));
      return;
    }
    it.each(projects)('$name', async ({ folders, changelog, rows, input }) => {
      const tree = mkdtempSync(join(tmpdir(), 'sluice-corpus-'));
      try {
        for (const folder of folders) cpSync(join(corpora, folder), tree, { recursive: true });
        const databases = { ours: await bench.freshDatabase(), theirs: await bench.freshDatabase() };
        expect((await compare(databases, changelog, input, tree)).rows).toBe(rows);
      } finally {
        rmSync(tree, { recursive: true, force: true });
      }
    });
  });
});
