import { describe, expect, it } from '@jest/globals';
import { parseDeployCommand, parseRef } from './deploy-command.js';

const ARGS = ['--repo', 'https://git.example.com/shop/orders.git', '--changelog', 'db/changelog.xml', '--url', 'jdbc:postgresql://db:5432/orders?sslmode=require', '--username', 'app', '--password-env', 'PW'];
const ENV = { PW: 'secret', GIT_PW: 'token' };
const without = (flag: string): string[] => ARGS.filter((_, index) => index !== ARGS.indexOf(flag) && index !== ARGS.indexOf(flag) + 1);

describe('deploy command', () => {
  it('fills in what was not said', () => {
    const { deployment } = parseDeployCommand(ARGS, ENV);
    expect(deployment).toMatchObject({
      at: { org: 'default', project: 'deployments' },
      name: 'orders to orders',
      repository: { url: 'https://git.example.com/shop/orders.git', ref: { branch: 'main' }, username: undefined, password: undefined },
      database: { jdbcUrl: 'jdbc:postgresql://db:5432/orders?sslmode=require', username: 'app', password: 'secret' },
      contexts: '',
      tag: undefined,
      timeoutMs: 1_800_000,
    });
    expect(deployment.identifier).toMatch(/^orders_to_orders_[0-9a-f]{8}$/);
  });

  it('gives the same deployment the same identifier, and another database another one', () => {
    const of = (args: readonly string[]): string => parseDeployCommand(args, ENV).deployment.identifier;
    expect(of(ARGS)).toBe(of([...ARGS, '--contexts', 'test']));
    expect(of(ARGS)).not.toBe(of(ARGS.map((arg) => arg.replace('db:5432', 'other:5432'))));
    expect(of([...ARGS, '--name', '1st try!'])).toBe('_1st_try_');
  });

  it.each(['--repo', '--changelog', '--url', '--username', '--password-env'])('names %s when it is missing', (flag) => {
    expect(() => parseDeployCommand(without(flag), ENV)).toThrow(`${flag} is missing`);
  });

  it.each([
    [['--url', 'postgres://db/x'], '--url takes a JDBC URL'],
    [['--repo', 'git@host:x.git'], '--repo takes an http or https URL'],
    [['--timeout', 'soon'], '--timeout: "soon" is not a duration'],
    [['--password-env', 'NOPE'], 'the environment variable NOPE is not set'],
    [['--passwort', 'x'], "Unknown option '--passwort'"],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => parseDeployCommand([...ARGS, ...args], ENV)).toThrow(message);
  });

  it('takes the Git password from the variable it is told', () => {
    const { deployment } = parseDeployCommand([...ARGS, '--git-username', 'bot', '--git-password-env', 'GIT_PW'], ENV);
    expect(deployment.repository).toMatchObject({ username: 'bot', password: 'token' });
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
