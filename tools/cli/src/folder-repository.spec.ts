import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishFolder } from './folder-repository.js';

describe('a folder of this machine as a repository', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-folder-'));
    mkdirSync(join(root, 'shop/db'), { recursive: true });
    mkdirSync(join(root, 'served'));
    for (const name of ['a', 'b', 'c', 'd', 'e']) write(`db/${name}.sql`, 'select 1;');
    write('.gitignore', '*.log\n');
    git('init', '--quiet', '--initial-branch=main');
    git('add', '-A');
    git('commit', '--quiet', '--message', 'first');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, content: string): void => writeFileSync(join(root, 'shop', path), content);
  const git = (...words: string[]): Buffer =>
    execFileSync('git', ['-C', join(root, 'shop'), '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);
  const publish = async (): Promise<string[]> => {
    const said: string[] = [];
    const local = {
      url: 'http://127.0.0.1:1',
      accountId: 'acc',
      apiKeyFile: join(root, 'api-key'),
      git: { url: 'http://127.0.0.1:2', folder: join(root, 'served') },
    };
    await publishFolder(join(root, 'shop'), { branch: 'main' }, local, (text) => said.push(text));
    return said;
  };

  it('says nothing when all is committed but what Git ignores', async () => {
    write('build.log', 'x');
    expect(await publish()).toEqual([]);
  });

  it('names a new file that was never added: its changesets are not deployed', async () => {
    write('db/new.sql', 'select 2;');
    expect(await publish()).toEqual([
      expect.stringContaining('changes that are not committed (db/new.sql); what is committed is deployed'),
    ]);
  });

  it('names the first of many, and counts the others', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) write(`db/${name}.sql`, 'select 2;');
    expect(await publish()).toEqual([expect.stringContaining('(db/a.sql, db/b.sql, db/c.sql and 2 more)')]);
  });
});
