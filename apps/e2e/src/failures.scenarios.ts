import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@sluice/cli';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { quickestMs } from '@sluice/testing';
import { sqlChangelog, tables } from './harness/changelogs.js';
import { Project, applyStep, group, stage, type TargetOptions } from './harness/project.js';
import { heldChangelogLocks, rowsOf } from './harness/schema-dump.js';

export function failureScenarios(stack: () => Stack): void {
  describe('what goes wrong is said', () => {
    it('names changeset, file and database error of a failing changeset; the next run works', async () => {
      const project = await Project.create(stack());
      const good = { id: 'one', sql: 'CREATE TABLE one (id int);' };
      const target = await project.target({
        files: { 'db/changelog.sql': sqlChangelog([good, { id: 'two', sql: 'INSERT INTO absent VALUES (1);' }]) },
        changelog: 'db/changelog.sql',
      });
      const failed = await project.apply(target);
      expect(failed.status).toBe('Failed');
      for (const part of ['two', 'e2e', 'db/changelog.sql', 'relation "absent" does not exist'])
        expect(failed.failure).toContain(part);
      expect((await project.migrationState(target)).map(({ changeSet, status }) => [changeSet, status])).toEqual(
        expect.arrayContaining([
          ['one', 'Successfully_Deployed'],
          ['two', 'Deployment_Failed'],
        ]),
      );
      await stack().git.commit(target.schema, {
        'db/changelog.sql': sqlChangelog([good, { id: 'two', sql: 'INSERT INTO one VALUES (1);' }]),
      });
      expect((await project.apply(target)).status).toBe('Success');
      expect(await rowsOf(target.url, 'SELECT id FROM one')).toEqual([{ id: 1 }]);
      expect(await rowsOf(target.url, 'SELECT locked FROM databasechangeloglock')).toEqual([{ locked: false }]);
    });

    const simple = { files: tables('x', 1), changelog: 'changelog.sql' };
    it.each<[string, TargetOptions, RegExp]>([
      ['a wrong password', { ...simple, wrong: { password: 'definitely-not-it' } }, /password authentication failed/i],
      [
        'an unknown host',
        { ...simple, wrong: { jdbcUrl: 'jdbc:postgresql://no-such-host.invalid:5432/x' } },
        /no-such-host\.invalid/,
      ],
      [
        'a port nobody listens on',
        { ...simple, wrong: { jdbcUrl: 'jdbc:postgresql://127.0.0.1:1/x' } },
        /127\.0\.0\.1:1|refused/i,
      ],
      ['an unknown changelog path', { ...simple, changelog: 'no/such/changelog.xml' }, /no\/such\/changelog\.xml/],
      [
        'a changelog path that leaves the repository',
        { ...simple, changelog: '../../etc/passwd' },
        /leaves? the repository|outside/i,
      ],
      ['an unknown branch', { ...simple, branch: 'no-such-branch' }, /no-such-branch/],
      [
        'an unreachable repository',
        { ...simple, wrong: { repositoryUrl: 'http://127.0.0.1:1/none.git' } },
        /127\.0\.0\.1:1/,
      ],
    ])('%s is a clear failure of the execution', async (_, options, message) => {
      const project = await Project.create(stack());
      try {
        const run = await project.apply(await project.target(options));
        expect(run.status).toBe('Failed');
        expect(run.failure).toMatch(message);
        expect(run.failure).not.toMatch(/\n\s+at |Exception in thread|undefined|\[object/);
      } catch (cause: unknown) {
        if (!(cause instanceof GatewayError)) throw cause;
        expect(cause.status).toBe(400);
        expect(cause.message).toMatch(message);
      }
    });

    it.each([
      ['YAML that does not parse', 'pipeline: [', /yaml/i],
      ['a pipeline without stages', 'pipeline: {identifier: a, name: a}', /stages/],
      [
        'an unknown step type',
        'pipeline: {identifier: a, name: a, stages: [{stage: {identifier: s, name: s, type: Custom, spec: {execution: {steps: [{step: {identifier: x, name: x, type: Nonsense, spec: {}}}]}}}}]}',
        /Nonsense/,
      ],
    ])('%s is refused with what is wrong', async (_, yaml, message) => {
      const project = await Project.create(stack());
      const saving = project.gateway.call('POST', '/pipeline/api/pipelines/v2', { query: project.scope, yaml });
      await expect(saving).rejects.toMatchObject({ status: 400, message: expect.stringMatching(message) });
    });

    it('names an instance that does not exist', async () => {
      const project = await Project.create(stack());
      const target = await project.target(simple);
      const run = project.apply({ ...target, instance: 'nowhere' });
      await expect(run.then(({ failure }) => failure)).resolves.toMatch(/nowhere/);
    });
  });

  describe('abort', () => {
    it('ends within 5 s in the middle of a statement; the statement is gone, the lock free, the next run works', async () => {
      const abortMs = async (): Promise<number> => {
        const project = await Project.create(stack());
        const target = await project.target({
          files: {
            'changelog.sql': sqlChangelog([
              { id: 'a', sql: 'CREATE TABLE a (id int);' },
              { id: 'b', sql: 'SELECT pg_sleep(600);' },
            ]),
          },
          changelog: 'changelog.sql',
        });
        const sleeping = (): Promise<object[]> =>
          rowsOf(
            target.url,
            `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`,
          );
        const id = await project.start(
          await project.pipeline({ stages: [stage('s', [group('g', [applyStep('apply', target)])])] }),
        );
        await waitFor(async () => (await sleeping()).length > 0, { timeoutMs: 120_000, what: 'the statement runs' });
        const abortedAt = Date.now();
        await project.gateway.call('PUT', `/pipeline/api/pipeline/execute/interrupt/${id}`, {
          query: { ...project.scope, interruptType: 'AbortAll' },
        });
        const run = await project.ended(id);
        const ms = Date.now() - abortedAt;
        expect(run.status).toBe('Aborted');
        expect(await sleeping()).toEqual([]);
        expect(await rowsOf(target.url, 'SELECT locked FROM databasechangeloglock')).toEqual([{ locked: false }]);
        expect(await rowsOf(target.url, 'SELECT id FROM databasechangelog')).toEqual([{ id: 'a' }]);
        await stack().git.commit(target.schema, {
          'changelog.sql': sqlChangelog([
            { id: 'a', sql: 'CREATE TABLE a (id int);' },
            { id: 'b', sql: 'SELECT 1;' },
          ]),
        });
        expect((await project.apply(target)).status).toBe('Success');
        return ms;
      };
      expect(await quickestMs(5_000, abortMs)).toBeLessThan(5_000);
    });

    it('a step that takes longer than its timeout is stopped and says so', async () => {
      const project = await Project.create(stack());
      const target = await project.target({
        files: { 'changelog.sql': sqlChangelog([{ id: 'b', sql: 'SELECT pg_sleep(600);' }]) },
        changelog: 'changelog.sql',
      });
      const run = await project.apply(target, { timeout: '10s' });
      expect(['Failed', 'Expired']).toContain(run.status);
      expect(run.failure).toMatch(/10 ?s|timeout|time limit/i);
      expect(await heldChangelogLocks(target.url)).toBe(0);
    });
  });
}
