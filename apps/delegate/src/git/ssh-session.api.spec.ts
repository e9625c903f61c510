import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@sluice/testing';
import { Tracing } from '@sluice/telemetry';
import { parseConfig } from '../config.js';
import { GitMirror } from './git-mirror.js';
import { isSshAddress, openSshSession } from './ssh-session.js';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----';
const ENVIRONMENT = {
  GIT_AUTHOR_NAME: 'S',
  GIT_AUTHOR_EMAIL: 's@localhost',
  GIT_COMMITTER_NAME: 'S',
  GIT_COMMITTER_EMAIL: 's@localhost',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

describe('Git over SSH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ssh-'));
  const bin = join(folder, 'bin');
  const seen = join(folder, 'seen');
  const repository = join(folder, 'app.git');
  let commit = '';

  /** Stands in for the ssh program: says what it was given, and serves the repository as the far side would. */
  const standIn = `#!/bin/sh
{ printf '%s\\n' "$@"; } > "${seen}.args"
key=$(sed -n 's/^IdentityFile=//p' "${seen}.args")
stat -c '%a' "$key" > "${seen}.mode" && cat "$key" > "${seen}.key"
[ -n "$SSH_ASKPASS" ] && "$SSH_ASKPASS" "Enter passphrase" > "${seen}.phrase"
env > "${seen}.env"
exec git-upload-pack "${repository}"
`;

  beforeAll(() => {
    mkdirSync(bin);
    writeFileSync(join(bin, 'ssh'), standIn);
    chmodSync(join(bin, 'ssh'), 0o755);
    const work = join(folder, 'work');
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: folder, env: { ...process.env, ...ENVIRONMENT } }).toString();
    git('init', '--quiet', '--initial-branch=main', work);
    writeFileSync(join(work, 'changelog.yaml'), 'databaseChangeLog: []');
    git('-C', work, 'add', '--all');
    git('-C', work, 'commit', '--quiet', '-m', 'first');
    git('clone', '--quiet', '--bare', work, repository);
    commit = git('-C', work, 'rev-parse', 'HEAD').trim();
  });
  beforeEach(() => {
    for (const name of readdirSync(folder).filter((entry) => entry.startsWith('seen.'))) rmSync(join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const mirror = (over: Record<string, string> = {}): GitMirror =>
    new GitMirror(
      parseConfig({
        DELEGATE_SERVICE_URL: 'ws://none',
        DELEGATE_TOKEN_FILE: '/none',
        DELEGATE_DATA_DIR: join(folder, 'data'),
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        ...over,
      }),
      Tracing.create('delegate'),
    );
  const request = (
    url: string,
    sshKey: { key: string; passphrase: string | undefined } | undefined = { key: KEY, passphrase: undefined },
    username?: string,
  ) => ({
    source: { name: 'app', url, branch: 'main' },
    credentials: { username, password: undefined, ...(sshKey ? { sshKey } : {}) },
    traceparent: undefined,
    signal: new AbortController().signal,
  });
  const read = (name: string): string => readFileSync(`${seen}.${name}`, 'utf8');

  it('fetches with the key of the connector in a file ssh alone reads, which is gone afterwards', async () => {
    const fetched = await mirror().fetch(request('git@git.example.com:team/app.git'));
    expect(fetched.commit).toBe(commit);
    expect([read('key'), read('mode').trim()]).toEqual([`${KEY}\n`, '600']);
    expect(read('args').split('\n')).toEqual(
      expect.arrayContaining([
        'IdentitiesOnly=yes',
        'BatchMode=yes',
        'PasswordAuthentication=no',
        'ProxyCommand=none',
        'git@git.example.com',
      ]),
    );
    expect(readdirSync(join(folder, 'data/ssh'))).toEqual([]);
    expect(read('env')).not.toContain('OPENSSH PRIVATE KEY');
  });

  it('talks only to hosts of the operator’s list, where there is one, and else remembers a host and refuses another key', async () => {
    await mirror().probe(request('ssh://git.example.com/team/app.git'));
    expect(read('args')).toContain('StrictHostKeyChecking=accept-new');
    expect(read('args')).toContain(`UserKnownHostsFile=${join(folder, 'data/ssh/known_hosts')}`);
    await mirror({ DELEGATE_SSH_KNOWN_HOSTS_FILE: '/etc/known hosts' }).probe(
      request('ssh://git.example.com/team/app.git'),
    );
    expect(read('args')).toContain('StrictHostKeyChecking=yes');
    expect(read('args')).toContain('UserKnownHostsFile="/etc/known hosts"');
  });

  it('signs in as the user of the key unless the address names one', async () => {
    await mirror().probe(request('ssh://git.example.com/team/app.git', undefined, 'deploy'));
    expect(read('args').split('\n')).toEqual(expect.arrayContaining(['-l', 'deploy']));
    await mirror().probe(request('ssh://git@git.example.com/team/app.git', undefined, 'deploy'));
    expect(read('args').split('\n')).not.toContain('-l');
  });

  it('answers the question for the passphrase, from the environment of that process', async () => {
    await mirror().probe(request('git@git.example.com:team/app.git', { key: KEY, passphrase: 'open sesame' }));
    expect(read('phrase')).toBe('open sesame\n');
    expect(read('args')).not.toContain('open sesame');
    expect(read('args')).toContain('BatchMode=no');
  });

  it('says which key is none, before anybody is dialled', async () => {
    await expect(
      mirror().probe(
        request('git@git.example.com:team/app.git', { key: 'ssh-ed25519 AAAA public', passphrase: undefined }),
      ),
    ).rejects.toThrow(/holds no private key/);
    expect(existsSync(`${seen}.args`)).toBe(false);
  });

  it('says plainly when the program is not there', async () => {
    const lonely = join(folder, 'lonely');
    mkdirSync(lonely);
    for (const name of ['git', 'sh']) symlinkSync(execFileSync('which', [name]).toString().trim(), join(lonely, name));
    await expect(mirror({ PATH: lonely }).probe(request('git@git.example.com:team/app.git'))).rejects.toThrow(
      /needs the program "ssh", which is not installed on the delegate/,
    );
  });

  it('tells with the real ssh that nobody is there, or somebody who is no SSH server', async () => {
    const real = { PATH: process.env['PATH'] ?? '' };
    await expect(mirror(real).probe(request(`ssh://git@127.0.0.1:${await freePort()}/app.git`))).rejects.toThrow(
      /cannot be reached from the delegate/,
    );
    const silent = createServer((socket) => void socket.resume().end('hello\r\n'));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    await expect(
      mirror(real).probe(request(`ssh://git@127.0.0.1:${(silent.address() as AddressInfo).port}/app.git`)),
    ).rejects.toThrow(/127\.0\.0\.1/);
    silent.close();
  });

  it.each(['git@host:team/app.git', 'ssh://host/app.git', 'ssh://git@host:2222/app.git'])('takes %s for SSH', (url) =>
    expect(isSshAddress(url)).toBe(true),
  );
  it.each(['https://host/app.git', 'http://git@host:80/app', 'git@host://x'])(
    'does not take %s for SSH',
    async (url) => {
      expect(isSshAddress(url)).toBe(false);
      expect(
        (await openSshSession(url, { username: undefined, password: undefined }, { folder, knownHostsFile: undefined }))
          .environment,
      ).toEqual({});
    },
  );
});
