import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { GatewayClient } from '@sluice/cli';
import { newId, waitFor } from '@sluice/kernel';
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
  const child = spawn(process.execPath, [join(root, 'tools/sluice.mjs'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  return new Promise((done) => child.once('close', (code) => done({ code, output })));
}

export function cliScenarios(stack: () => Stack): void {
  describe('npm run sluice -- deploy', () => {
    async function arrange(changelog: string): Promise<{ args: string[]; env: Record<string, string>; url: string }> {
      const project = await Project.create(stack());
      const database = await project.database();
      const repository = `cli_${newId()}`;
      await stack().git.createRepository(repository, { 'changelog.sql': changelog });
      const args = [
        'deploy',
        '--repo',
        stack().git.urlOf(repository),
        '--ref',
        'main',
        '--changelog',
        'changelog.sql',
        '--url',
        database.jdbcUrl,
        '--username',
        stack().customerDatabase.username,
        '--password-env',
        'TARGET_PASSWORD',
      ];
      return {
        args,
        env: {
          SLUICE_URL: stack().gatewayUrl,
          SLUICE_API_KEY: stack().apiKey,
          TARGET_PASSWORD: stack().customerDatabase.password,
        },
        url: database.url,
      };
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

    it('ends with a code of its own at its time limit, and the execution is watched and aborted from another command', async () => {
      const { args, env } = await arrange(sqlChangelog([{ id: 'slow', sql: 'SELECT pg_sleep(120);' }]));
      const gaveUp = await sluice([...args, '--timeout', '10s', '--name', `slow ${newId()}`], { ...env });
      // The step's own limit is the same 10 s, so either the client gives up first, or the step has expired.
      expect([1, 3]).toContain(gaveUp.code);
      const id = /execution (\S+?):/.exec(gaveUp.output)?.[1] ?? '';
      if (gaveUp.code === 3) expect(gaveUp.output).toContain(`npm run sluice -- watch ${id}`);
      const aborted = await sluice(['abort', id], env);
      // The step may expire before it can be aborted.
      expect(aborted.output).toMatch(
        new RegExp(`execution ${id} (ended|has ended already with status) (Aborted|Expired|Failed)`),
      );
      const watched = await sluice(['watch', id], env);
      expect([watched.code, watched.output]).toEqual([1, expect.stringMatching(/Aborted|Expired|Failed/)]);
      expect((await sluice(['runs', '--limit', '500'], env)).output).toContain(id);
    });

    it('has the result of the execution as its exit code, also when the summary cannot be read', async () => {
      const { args, env, url } = await arrange(tables('blind', 1)['changelog.sql'] ?? '');
      const proxy = createServer((request, response) => {
        if (request.url?.includes('/migrationstate'))
          return void response
            .writeHead(504, { 'content-type': 'application/json' })
            .end('{"message":"ng-manager did not answer"}');
        const upstream = forward(
          new URL(request.url ?? '/', stack().gatewayUrl),
          { method: request.method, headers: request.headers },
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
          },
        );
        upstream.on('error', () => response.destroy());
        response.on('close', () => upstream.destroy());
        request.pipe(upstream);
      });
      await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
      try {
        const { code, output } = await sluice(args, {
          ...env,
          SLUICE_URL: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        });
        expect([code, output]).toEqual([0, expect.stringContaining('the summary could not be read')]);
        expect((await rowsOf(url, 'SELECT id FROM databasechangelog')).length).toBe(1);
      } finally {
        proxy.closeAllConnections();
        await new Promise((done) => proxy.close(done));
      }
    });

    it('leaves nothing behind when what it prepares is refused', async () => {
      const { args, env } = await arrange(tables('never', 1)['changelog.sql'] ?? '');
      const project = `never_${newId().replaceAll(/\W/g, '_')}`;
      const { code, output } = await sluice(
        [...args.map((arg) => (arg.startsWith('jdbc:') ? 'jdbc:h2:mem:x' : arg)), '--project', project],
        env,
      );
      expect([code, output]).toEqual([1, expect.not.stringContaining('not removed')]);
      const query = { accountIdentifier: stack().accountId, orgIdentifier: 'default' };
      expect(
        await new GatewayClient({ url: stack().gatewayUrl, apiKey: stack().apiKey }).find(
          `/ng/api/projects/${project}`,
          { query },
        ),
      ).toBeUndefined();
    });

    it('takes names in any script, keeps them apart, prints a page that exists, and deletes what it made', async () => {
      const { args, env, url } = await arrange(tables('names', 1)['changelog.sql'] ?? '');
      const tag = newId();
      const [chinese, russian] = [`数据库 ${tag}`, `база ${tag}`];
      for (const name of [chinese, russian]) {
        const { code, output } = await sluice([...args, '--name', name], env);
        expect([code, output]).toEqual([
          0,
          expect.stringMatching(
            /- execution \S+: http:\/\/\S+\/ng\/account\/\S+\/pipelines\/\S+\/deployments\/\S+\/pipeline/,
          ),
        ]);
      }
      expect((await sluice(['delete', '--name', chinese], env)).output).toMatch(
        /removed pipeline [\s\S]*removed secret/,
      );
      expect(await sluice(['delete', '--name', chinese], env)).toMatchObject({
        code: 1,
        output: expect.stringContaining('no deployment'),
      });
      expect((await sluice(['delete', '--name', russian], env)).code).toBe(0);
      expect((await rowsOf(url, 'SELECT id FROM databasechangelog')).length).toBe(1);
    });

    it('deploys the commits of a folder, says what is not committed, and prints its log again', async () => {
      const { args, env, url } = await arrange('');
      const folder = mkdtempSync(join(tmpdir(), 'sluice-folder-'));
      const git = (...words: string[]): void =>
        void execFileSync('git', ['-C', folder, '-c', 'user.name=e2e', '-c', 'user.email=e2e@example.com', ...words], {
          stdio: 'ignore',
        });
      try {
        writeFileSync(join(folder, 'changelog.sql'), tables('folder', 1)['changelog.sql'] ?? '');
        git('init', '--initial-branch=trunk');
        git('add', '-A');
        git('commit', '-m', 'first');
        writeFileSync(join(folder, 'changelog.sql'), tables('folder', 2)['changelog.sql'] ?? '');
        const at = args.map((arg) => (arg.startsWith('http://') ? folder : arg === 'main' ? 'trunk' : arg));
        const { code, output } = await sluice([...at, '--data', stack().data.root], env);
        expect([code, output]).toEqual([0, expect.stringContaining('changes that are not committed')]);
        expect((await rowsOf(url, 'SELECT id FROM databasechangelog')).length).toBe(1);
        const id = /execution (\S+?):/.exec(output)?.[1] ?? '';
        const again = async (): Promise<string | false> => {
          const { output: log } = await sluice(['logs', id], env);
          return log.includes('folder-1') && log;
        };
        // A result goes first when its log takes long to be stored.
        expect(await waitFor(again, { timeoutMs: 240_000, what: 'the stored log' })).toContain('folder-1');
        const unknownRef = await sluice(
          [...at.map((arg) => (arg === 'trunk' ? 'main' : arg)), '--data', stack().data.root],
          env,
        );
        expect(unknownRef).toMatchObject({
          code: 2,
          output: expect.stringContaining('it has no refs/heads/main; name another with --ref'),
        });
        const elsewhere = await sluice([...at, '--data', folder], env);
        expect(elsewhere).toMatchObject({ code: 2, output: expect.stringContaining('only the local stack') });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('explains itself, and what is missing', async () => {
      expect(await sluice(['--help'], {})).toMatchObject({
        code: 0,
        output: expect.stringContaining('--password-env'),
      });
      const missing = await sluice(['deploy', '--repo', 'x'], {});
      expect(missing.code).not.toBe(0);
      expect(missing.output).toContain('--changelog');
    });
  });
}
