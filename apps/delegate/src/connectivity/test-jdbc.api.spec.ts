import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestJdbcTask } from '@sluice/delegate-protocol';
import { createLogger } from '@sluice/telemetry';
import { freePort, startPostgres, type TestPostgres } from '@sluice/testing';
import { PodAuthority, type IssuedCertificate } from '../pod/pod-certificates.js';
import { failureOf, type TaskContext } from '../task/task-handler.js';
import { MysqlServer } from '../testing/mysql-server.js';
import { TestJdbcHandler } from './test-jdbc.handler.js';

const certs = realpathSync(mkdtempSync(join(tmpdir(), 'database-certs-')));
afterAll(() => rmSync(certs, { recursive: true }));

const run = async (task: Omit<TestJdbcTask, 'kind' | 'secrets'>, values: Readonly<Record<string, string>> = {}) => {
  const secrets = Object.keys(values).map((name) => ({ name, expression: `<+secrets.getValue("${name}")>` }));
  const context: TaskContext = {
    taskId: 't',
    epoch: 1,
    term: () => ({ until: Infinity, stopWithinMs: 0 }),
    traceparent: undefined,
    signal: new AbortController().signal,
    log: createLogger('delegate', 'silent'),
    secrets: async () => new Map(secrets.map(({ name, expression }) => [expression, values[name] ?? ''])),
  };
  const outcome = await new TestJdbcHandler({ databaseCertsDir: certs })
    .run({ kind: 'test-jdbc', secrets, ...task }, context)
    .catch((cause: unknown) => failureOf(cause, context.signal));
  for (const value of Object.values(values)) expect(JSON.stringify(outcome)).not.toContain(value);
  return outcome;
};
const refusal = (failureType: string, message: string) => ({
  status: 'failed',
  error: { failureType, message: expect.stringContaining(message) },
});

describe('tests of databases', () => {
  describe('MySQL and MariaDB', () => {
    let mysql: MysqlServer;
    let tls: IssuedCertificate;
    const original = {
      username: 'ann',
      password: 'p4ss-word',
      database: 'orders',
      greeting: 'caching_sha2_password',
      user: 'caching_sha2_password',
      isCached: true,
      tls: undefined,
      version: '8.4.2',
    } as const;
    const signIn = (
      options = '',
      values: Record<string, string> = { pw: 'p4ss-word' },
      database = 'orders',
      scheme = 'mysql',
    ) =>
      run(
        {
          url: `jdbc:${scheme}://127.0.0.1:${mysql.port}/${database}${options}`,
          ...('user' in values ? { usernameSlot: 'user' } : { username: 'ann' }),
          passwordSlot: 'pw',
        },
        values,
      );

    beforeAll(async () => {
      mysql = await MysqlServer.start();
      tls = await (await PodAuthority.create('127.0.0.1')).issue('database');
    });
    beforeEach(() => void Object.assign(mysql.behaviour, original));
    afterAll(() => mysql.stop());

    it.each([
      ['caching_sha2_password', 'caching_sha2_password'],
      ['mysql_native_password', 'mysql_native_password'],
      ['caching_sha2_password', 'mysql_native_password'],
      ['mysql_native_password', 'caching_sha2_password'],
      ['dialog', 'mysql_native_password'],
    ] as const)('sign in where the server greets with %s and the user has %s', async (greeting, user) => {
      Object.assign(mysql.behaviour, { greeting, user });
      expect(await signIn()).toEqual({ status: 'succeeded', product: 'MySQL 8.4.2' });
      expect(await signIn('', { pw: 'not-the-password' })).toMatchObject(
        refusal('Authentication', 'refuses user "ann": Access denied'),
      );
    });

    it('name MariaDB by its name, and take a user name from a secret', async () => {
      Object.assign(mysql.behaviour, {
        version: '5.5.5-10.11.8-MariaDB',
        greeting: 'mysql_native_password',
        user: 'mysql_native_password',
      });
      expect(await signIn('', { user: 'ann', pw: 'p4ss-word' }, 'orders', 'mariadb')).toEqual({
        status: 'succeeded',
        product: 'MariaDB 10.11.8-MariaDB',
      });
      expect(mysql.signIns.at(-1)).toMatchObject({ username: 'ann', database: 'orders' });
    });

    it('say which database is missing', async () => {
      expect(await signIn('', undefined, 'nope')).toMatchObject(refusal('Unknown', 'has no database "nope"'));
    });

    it.each(['', '?sslMode=REQUIRED', '?useSSL=true', '?sslMode=trust'])(
      'use TLS where it is offered (%s)',
      async (options) => {
        mysql.behaviour.tls = tls;
        mysql.behaviour.isCached = false;
        expect(await signIn(options)).toMatchObject({ status: 'succeeded' });
        expect(mysql.signIns.at(-1)?.isEncrypted).toBe(true);
      },
    );

    it('do without where the URL says so, and insist where it says so', async () => {
      mysql.behaviour.tls = tls;
      expect(await signIn('?useSSL=false')).toMatchObject({ status: 'succeeded' });
      expect(mysql.signIns.at(-1)?.isEncrypted).toBe(false);
      expect(await signIn('?sslMode=VERIFY_CA')).toMatchObject({
        status: 'failed',
        error: { failureType: 'Connectivity' },
      });
      mysql.behaviour.tls = undefined;
      expect(await signIn('?sslMode=REQUIRED')).toMatchObject(refusal('Connectivity', 'does not offer TLS'));
    });

    it('show the whole password only to the server itself', async () => {
      mysql.behaviour.isCached = false;
      expect(await signIn()).toMatchObject(refusal('Authentication', 'add sslMode=REQUIRED'));
      expect(await signIn('?allowPublicKeyRetrieval=true')).toMatchObject({ status: 'succeeded' });
      mysql.behaviour.user = 'mysql_clear_password';
      expect(await signIn()).toMatchObject(
        refusal('Authentication', 'by "mysql_clear_password", which this test cannot do'),
      );
      mysql.behaviour.tls = tls;
      expect(await signIn('?sslMode=REQUIRED')).toMatchObject({ status: 'succeeded' });
    });

    it('tell something else from a database, and nothing from something', async () => {
      const other = createServer((socket) => void socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      expect(
        await run({ url: `jdbc:mysql://127.0.0.1:${(other.address() as AddressInfo).port}/x`, username: 'a' }),
      ).toMatchObject({ status: 'failed', error: { failureType: 'Connectivity' } });
      other.close();
      expect(await run({ url: `jdbc:mariadb://127.0.0.1:${await freePort()}/x`, username: 'a' })).toMatchObject(
        refusal('Connectivity', 'connection refused'),
      );
      expect(await run({ url: 'jdbc:mysql://no-such-host.invalid/x', username: 'a' })).toMatchObject(
        refusal('Connectivity', 'cannot be found by the delegate'),
      );
    });
  });

  describe('PostgreSQL', () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    }, 300_000);
    afterAll(() => postgres.stop());

    it('sign in with user name and password both from secrets', async () => {
      const task = { url: postgres.jdbcUrl('postgres'), usernameSlot: 'user', passwordSlot: 'pw' };
      expect(await run(task, { user: 'postgres', pw: postgres.password })).toMatchObject({
        status: 'succeeded',
        product: expect.stringMatching(/^PostgreSQL \d+/),
      });
      expect(await run(task, { user: 'nobody-known', pw: postgres.password })).toMatchObject(
        refusal('Authentication', 'refuses user'),
      );
      expect(
        await run(
          { ...task, url: `${postgres.jdbcUrl('postgres').split('?')[0]}?sslmode=require` },
          { user: 'postgres', pw: postgres.password },
        ),
      ).toMatchObject({ status: 'failed', error: { failureType: 'Connectivity' } });
    });
  });

  it.each([
    ['jdbc:postgresql://h/d?socketFactory=x.Y', 'option "socketFactory"'],
    ['jdbc:postgresql://h/d?loggerFile=/x', 'option "loggerFile"'],
    ['jdbc:mysql://h/d?autoDeserialize=true', 'option "autoDeserialize"'],
    ['jdbc:mysql://h/d?queryInterceptors=x', 'option "queryInterceptors"'],
    ['jdbc:sqlserver://h;socketFactoryClass=x', 'option "socketFactoryClass"'],
    ['jdbc:h2:mem:x;INIT=RUNSCRIPT', 'not supported'],
    ['jdbc:db2://h:1/d:clientRerouteServerListJNDIName=x;', 'clientRerouteServerListJNDIName'],
  ])('refuse %s here too, whoever let it in', async (url, text) => {
    expect(await run({ url })).toMatchObject({ status: 'failed', error: { message: expect.stringContaining(text) } });
  });

  it('open no file outside the folder for certificates of databases, and say the same whether one is there', async () => {
    symlinkSync('/etc/passwd', join(certs, 'link.pem'));
    const outside = ['/etc/passwd', '/etc/no-such-file', `${certs}-beside/ca.pem`, join(certs, 'link.pem')];
    const relative = ['ca.pem', `${certs}/../ca.pem`, 'classpath:ca.pem', 'file:///etc/passwd', ''];
    const options = [
      'jdbc:postgresql://h/d?sslmode=verify-ca&sslrootcert',
      'jdbc:postgresql://h/d?sslmode=verify-ca&sslcert',
      'jdbc:postgresql://h/d?sslmode=require&sslkey',
      'jdbc:mariadb://h/d?sslMode=verify-ca&serverSslCert',
      'jdbc:mysql://h/d?sslMode=VERIFY_CA&SERVERSSLCERT',
    ];
    for (const option of options) {
      for (const path of outside)
        expect([option, path, await run({ url: `${option}=${path}`, username: 'a' })]).toMatchObject([
          option,
          path,
          { status: 'failed', error: { message: expect.stringContaining(`must name a file below ${certs}`) } },
        ]);
      for (const path of relative)
        expect([option, path, await run({ url: `${option}=${path}`, username: 'a' })]).toMatchObject([
          option,
          path,
          { status: 'failed', error: { message: expect.stringContaining('must be the absolute path of a file') } },
        ]);
      expect(await run({ url: `${option}=${certs}/absent.pem`, username: 'a' })).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('cannot read a file there') },
      });
    }
    writeFileSync(join(certs, 'ca.pem'), 'any');
    expect(
      await run({
        url: `jdbc:mariadb://127.0.0.1:${await freePort()}/d?sslMode=verify-ca&serverSslCert=${certs}/ca.pem`,
        username: 'a',
      }),
    ).toMatchObject(refusal('Connectivity', 'connection refused'));
  });

  it.each([
    'jdbc:sqlserver://h;databaseName=d',
    'jdbc:oracle:thin:@//h:1521/s',
    'mongodb://h/d',
    'jdbc:snowflake://h/?db=d',
    'jdbc:cloudspanner:/projects/p/instances/i/databases/d',
    'jdbc:db2://h:50000/d',
  ])('say of %s that there is no driver, instead of a success', async (url) => {
    expect(await run({ url, username: 'a' })).toMatchObject(refusal('Unknown', 'has no driver for'));
  });
});
