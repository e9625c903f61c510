import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseDeployCommand, parseRef } from './deploy-command.js';

const ARGS = [
  '--repo',
  'https://git.example.com/shop/orders.git',
  '--changelog',
  'db/changelog.xml',
  '--url',
  'jdbc:postgresql://db:5432/orders?sslmode=require',
  '--username',
  'app',
  '--password-env',
  'PW',
];
const ENV = { EMPTY: '', PW: 'secret', GIT_PW: 'token' };
const without = (flag: string): string[] =>
  ARGS.filter((_, index) => index !== ARGS.indexOf(flag) && index !== ARGS.indexOf(flag) + 1);

describe('deploy command', () => {
  it('fills in what was not said', () => {
    const { deployment, repository, ref } = parseDeployCommand(ARGS, ENV);
    expect({ repository, ref }).toEqual({
      repository: {
        kind: 'http',
        url: 'https://git.example.com/shop/orders.git',
        username: undefined,
        password: undefined,
      },
      ref: { branch: 'main' },
    });
    expect(deployment).toMatchObject({
      at: { org: 'default', project: 'deployments' },
      name: 'orders to orders',
      database: { jdbcUrl: 'jdbc:postgresql://db:5432/orders?sslmode=require', username: 'app', password: 'secret' },
      contexts: '',
      tag: undefined,
      timeoutMs: 1_800_000,
    });
    expect(deployment.identifier).toMatch(/^orders_to_orders_[0-9a-f]{8}$/);
  });

  it('hands on labels, changelog parameters and where the paths of the changelog begin', () => {
    const { deployment } = parseDeployCommand(
      [
        ...ARGS,
        '--labels',
        'a or b',
        '--parameter',
        'owner=app',
        '--parameter',
        'q=a=b',
        '--search-path',
        'src/main/resources',
        '--search-path',
        'shared',
        '--file-prefix',
        'classpath:',
      ],
      ENV,
    );
    expect(deployment).toMatchObject({
      labels: 'a or b',
      parameters: { owner: 'app', q: 'a=b' },
      searchPath: ['src/main/resources', 'shared'],
      filePrefix: 'classpath:',
    });
    expect(() => parseDeployCommand([...ARGS, '--parameter', 'owner'], ENV)).toThrow(
      '--parameter takes NAME=VALUE, not "owner"',
    );
  });

  it('gives the same deployment the same identifier, and another database another one', () => {
    const of = (args: readonly string[]): string => parseDeployCommand(args, ENV).deployment.identifier;
    expect(of(ARGS)).toBe(of([...ARGS, '--contexts', 'test']));
    expect(of(ARGS)).not.toBe(of(ARGS.map((arg) => arg.replace('db:5432', 'other:5432'))));
    expect(of([...ARGS, '--name', '1st try!'])).toMatch(/^_1st_try__[0-9a-f]{8}$/);
    expect(parseDeployCommand([...ARGS, '--name', '1st try!'], ENV).deployment.earlierIdentifier).toBe('_1st_try_');
  });

  it.each(['--repo', '--changelog', '--url', '--username', '--password-env'])('names %s when it is missing', (flag) => {
    expect(() => parseDeployCommand(without(flag), ENV)).toThrow(`${flag} is missing`);
  });

  it.each([
    [['--url', 'postgres://db/x'], '--url takes a JDBC URL'],
    [['--repo', 'git@host:x.git'], '--git-ssh-key is missing: --repo git@host:x.git is read over SSH'],
    [
      ['--repo', 'ssh://git@host/x.git', '--git-ssh-key', '/no/such/key'],
      '--git-ssh-key: there is no file /no/such/key',
    ],
    [['--repo', 'ftp://host/x.git'], '--repo takes an http(s) or SSH URL or a folder, not "ftp://host/x.git"'],
    [
      ['--repo', './no/such/folder'],
      '--repo takes an http(s) or SSH URL or a folder, not "./no/such/folder" (there is no folder ./no/such/folder)',
    ],
    [['--repo', 'file://host/x'], '--repo: '],
    [['--timeout', '0s'], '--timeout takes 1s or more, not "0s"'],
    [['--step-timeout', '500ms'], '--step-timeout takes 1s or more, not "500ms"'],
    [['--timeout', 'soon'], '--timeout: "soon" is not a duration'],
    [['--password-env', 'NOPE'], 'the environment variable NOPE is not set'],
    [['--password-env', 'EMPTY'], '--password-env: the environment variable EMPTY is empty'],
    [['--passwort', 'x'], "Unknown option '--passwort'"],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => parseDeployCommand([...ARGS, ...args], ENV)).toThrow(message);
  });

  it.each([
    [[], 1_800_000, 1_800_000],
    [['--timeout', '5s'], 5_000, 1_800_000],
    [['--timeout', '2h'], 7_200_000, 7_200_000],
    [['--step-timeout', '10m'], 1_800_000, 600_000],
    [['--timeout', '5s', '--step-timeout', '90s'], 5_000, 90_000],
  ])('how long the command waits does not shorten the step: %j', (args, timeoutMs, stepTimeoutMs) => {
    expect(parseDeployCommand([...ARGS, ...args], ENV).deployment).toMatchObject({ timeoutMs, stepTimeoutMs });
  });

  it('takes the Git password from the variable it is told', () => {
    const { repository } = parseDeployCommand([...ARGS, '--git-username', 'bot', '--git-password-env', 'GIT_PW'], ENV);
    expect(repository).toMatchObject({ username: 'bot', password: 'token' });
  });

  it('takes a repository over SSH with its key, and a folder by path or file URL', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-key-'));
    try {
      const key = join(folder, 'key');
      writeFileSync(key, '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n');
      writeFileSync(`${key}.pub`, 'ssh-ed25519 AAAA me\n');
      const of = (...more: string[]) => parseDeployCommand([...ARGS, ...more], ENV).repository;
      for (const url of ['git@host:shop/orders.git', 'ssh://git@host:2222/orders.git']) {
        expect(of('--repo', url, '--git-ssh-key', key)).toMatchObject({
          kind: 'ssh',
          url,
          privateKey: expect.stringContaining('OPENSSH'),
        });
      }
      expect(() => of('--repo', 'git@host:x.git', '--git-ssh-key', `${key}.pub`)).toThrow(
        'is not a private key in PEM or OpenSSH format; it is the public half',
      );
      expect(of('--repo', folder)).toEqual({ kind: 'folder', path: folder });
      expect(of('--repo', pathToFileURL(folder).href)).toEqual({ kind: 'folder', path: folder });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['main', { branch: 'main' }],
    ['refs/heads/feature/x', { branch: 'feature/x' }],
    ['refs/tags/v1.2', { gitTag: 'v1.2' }],
    ['0123456789abcdef0123456789abcdef01234567', { commitSha: '0123456789abcdef0123456789abcdef01234567' }],
  ])('reads --ref %s', (ref, expected) => {
    expect(parseRef(ref)).toEqual(expected);
  });
});
