import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { newId } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { sqlChangelog, tables } from './harness/changelogs.js';
import { Project } from './harness/project.js';
import { rowsOf } from './harness/schema-dump.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function sluice(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'tools/sluice.mjs'), ...args], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  return new Promise((done) => child.once('close', (code) => done({ code, output })));
}

export function cliScenarios(stack: () => Stack): void {
  describe('npm run sluice -- deploy', () => {
    async function arrange(changelog: string): Promise<{ args: string[]; env: Record<string, string>; url: string }> {
      const project = await Project.create(stack());
      const database = await project.database();
      const repository = `cli_${newId()}`;
      await stack().git.createRepository(repository, { 'changelog.sql': changelog });
      const args = ['deploy', '--repo', stack().git.urlOf(repository), '--ref', 'main', '--changelog', 'changelog.sql', '--url', database.jdbcUrl, '--username', stack().customerDatabase.username, '--password-env', 'TARGET_PASSWORD'];
      return { args, env: { SLUICE_URL: stack().gatewayUrl, SLUICE_API_KEY: stack().apiKey, TARGET_PASSWORD: stack().customerDatabase.password }, url: database.url };
    }

    it('rolls a changelog out, shows its log and a summary, and ends with 0', async () => {
      const { args, env, url } = await arrange(tables('cli', 2)['changelog.sql'] ?? '');
      const { code, output } = await sluice(args, env);
      expect([code, output]).toEqual([0, expect.stringContaining('cli-2')]);
      expect(output).not.toContain(stack().customerDatabase.password);
      expect((await rowsOf(url, 'SELECT id FROM databasechangelog')).length).toBe(2);
    });

    it('ends with a code other than 0 and the reason when the run fails', async () => {
      const { args, env } = await arrange(sqlChangelog([{ id: 'bad', sql: 'SELECT nonsense();' }]));
      const { code, output } = await sluice(args, env);
      expect(code).not.toBe(0);
      expect(output).toContain('nonsense');
    });

    it('explains itself, and what is missing', async () => {
      expect(await sluice(['--help'], {})).toMatchObject({ code: 0, output: expect.stringContaining('--password-env') });
      const missing = await sluice(['deploy', '--repo', 'x'], {});
      expect(missing.code).not.toBe(0);
      expect(missing.output).toContain('--changelog');
    });
  });
}
