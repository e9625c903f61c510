import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { Stack } from '@sluice/local-stack';
import { liquibaseUpdate } from '@sluice/testing';
import { Project } from './harness/project.js';
import { dumpSchema } from './harness/schema-dump.js';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const corpora = resolve(repository, '../shared/corpora');

interface Corpus {
  readonly name: string;
  readonly folders: readonly string[];
  readonly changelog: string;
  readonly rows: number;
  readonly tables?: number;
}

/** Figures of the corpora's own README, seen with Liquibase on PostgreSQL. */
const CORPORA: readonly Corpus[] = [
  { name: 'traccar', folders: ['traccar'], changelog: 'schema/changelog-master.xml', rows: 34, tables: 51 },
  {
    name: 'orca',
    folders: ['orca/orca-sql/src/main/resources', 'orca/keiko-sql/src/main/resources'],
    changelog: 'db/changelog-master.yml',
    rows: 44,
  },
];

/** Real changelogs end up as the stock Liquibase leaves them: schema and history alike. */
export function corporaScenarios(stack: () => Stack): void {
  describe('real changelogs end equal to the Liquibase command line', () => {
    if (!existsSync(corpora)) {
      it('skipped: the folder ../shared/corpora is not there', () =>
        console.info('real changelogs were not tested: ../shared/corpora is absent'));
      return;
    }
    it.each(CORPORA)('$name', async ({ folders, changelog, rows, tables }) => {
      const tree = mkdtempSync(join(tmpdir(), 'sluice-corpus-'));
      try {
        for (const folder of folders) cpSync(join(corpora, folder), tree, { recursive: true });
        const project = await Project.create(stack());
        const target = await project.target({ files: filesOf(tree), changelog });
        const run = await project.apply(target);
        expect([run.status, run.failure]).toEqual(['Success', '']);
        const peer = await project.database();
        const { username, password } = stack().customerDatabase;
        await liquibaseUpdate({ directory: tree, changelog, jdbcUrl: peer.jdbcUrl, username, password });
        const [ours, theirs] = [await dumpSchema(target.url), await dumpSchema(peer.url)];
        expect(ours).toEqual(theirs);
        expect(ours.history.length).toBe(rows);
        if (tables !== undefined) expect(ours.tables.length).toBe(tables);
        expect(
          (await project.migrationState(target)).filter(({ status }) => status === 'Successfully_Deployed').length,
        ).toBe(rows);
      } finally {
        rmSync(tree, { recursive: true, force: true });
      }
    });
  });
}

function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => [
      relative(folder, join(entry.parentPath, entry.name)),
      readFileSync(join(entry.parentPath, entry.name), 'utf8'),
    ]),
  );
}
