import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { engineConnection, postgresEncryption } from './connection.js';
import { parseJdbcUrl } from './jdbc-url.js';

describe('parseJdbcUrl', () => {
  it('takes a URL apart', () => {
    expect(parseJdbcUrl('jdbc:postgresql://db.example:6432/orders?sslmode=require&currentSchema=app')).toEqual({
      product: 'postgresql',
      isMysqlScheme: false,
      hosts: [{ host: 'db.example', port: 6432 }],
      database: 'orders',
      options: { sslmode: 'require', currentSchema: 'app' },
      server: 'db.example:6432/orders',
    });
  });

  it('knows default ports, several hosts and IPv6', () => {
    expect(parseJdbcUrl('jdbc:postgresql://a,b:1/x').hosts).toEqual([
      { host: 'a', port: 5432 },
      { host: 'b', port: 1 },
    ]);
    expect(parseJdbcUrl('jdbc:mysql://[::1]/x')).toMatchObject({
      hosts: [{ host: '[::1]', port: 3306 }],
      product: 'mariadb',
      isMysqlScheme: true,
    });
  });

  it.each([
    ['jdbc:postgresql://h/d?socketFactory=x.Y', 'socketFactory'],
    ['jdbc:postgresql://h/d?SOCKETFACTORY=x.Y', 'SOCKETFACTORY'],
    ['jdbc:postgresql://h/d?socket%46actory=x.Y', 'socketFactory'],
    ['jdbc:postgresql://h/d?password=x', 'password'],
    ['jdbc:mysql://h/d?allowLoadLocalInfile=true', 'allowLoadLocalInfile'],
    ['jdbc:mysql://h/d?autoDeserialize=true', 'autoDeserialize'],
    ['jdbc:mariadb://h/d?somethingNew=1', 'somethingNew'],
  ])('refuses %s and names the option', (url, option) => {
    expect(() => parseJdbcUrl(url)).toThrow(AppError);
    expect(() => parseJdbcUrl(url)).toThrow(`option "${option}"`);
  });

  it.each([
    'jdbc:oracle:thin:@//h:1521/s',
    'jdbc:h2:mem:x',
    'jdbc:h2:mem:x;INIT=RUNSCRIPT',
    'jdbc:postgresql:',
    'jdbc:postgresql://',
    'jdbc:postgresql://h:99999/d',
    'jdbc:postgresql://h/d#x',
    'jdbc:mariadb:sequential://h/d',
    'postgres://h/d',
    '',
  ])('refuses "%s"', (url) => {
    expect(() => parseJdbcUrl(url)).toThrow(AppError);
  });

  it('refuses credentials in the URL without repeating them', () => {
    expect(() => parseJdbcUrl('jdbc:postgresql://ann:hunter2@h/d')).toThrow(/username and passwordRef/);
    expect(() => parseJdbcUrl('jdbc:postgresql://ann:hunter2@h/d')).not.toThrow(/hunter2/);
  });
});

describe('engineConnection', () => {
  it('gives options as properties, names the session and sets time limits', () => {
    const url = parseJdbcUrl('jdbc:postgresql://h/d%20e?ApplicationName=mine&connectTimeout=3');
    expect(engineConnection({ url, username: 'ann', password: 'pw', sessionName: 'sluice-1' })).toEqual({
      url: 'jdbc:postgresql://h:5432/d%20e',
      driver: 'org.postgresql.Driver',
      connectionProperties: {
        connectTimeout: '3',
        loginTimeout: '15',
        tcpKeepAlive: 'true',
        user: 'ann',
        password: 'pw',
        ApplicationName: 'sluice-1',
      },
    });
  });

  it('serves mysql URLs with the MariaDB driver and its spellings', () => {
    const made = engineConnection({ url: parseJdbcUrl('jdbc:mysql://h/d?sslMode=VERIFY_IDENTITY'), sessionName: 's' });
    expect(made).toMatchObject({
      url: 'jdbc:mysql://h:3306/d?permitMysqlScheme',
      driver: 'org.mariadb.jdbc.Driver',
      connectionProperties: { sslMode: 'verify-full', allowLocalInfile: 'false' },
    });
  });
});

it.each([
  'jdbc:postgresql://h/d?sslrootcert=ca.pem',
  'jdbc:postgresql://h/d?sslkey=/certs/../../etc/key',
  'jdbc:postgresql://h/d?sslcert=%2Fcerts%2F..%2Fkey',
  'jdbc:postgresql://h/d?sslcert=//certs/c',
  'jdbc:postgresql://h/d?sslrootcert',
  'jdbc:mariadb://h/d?serverSslCert=classpath:x',
  'jdbc:mysql://h/d?SERVERSSLCERT=./x',
  'jdbc:mariadb://h/d?serversslcert=/a%00b',
])('%s names no plain absolute path, so it is refused before anything is stored or opened', (url) => {
  expect(() => parseJdbcUrl(url)).toThrow('must be the absolute path of a file');
});

it('a certificate in the URL itself names no file', () => {
  const text = '-----BEGIN CERTIFICATE-----\nMII';
  expect(parseJdbcUrl(`jdbc:mariadb://h/d?serverSslCert=${encodeURIComponent(text)}`).options).toEqual({
    serverSslCert: text,
  });
});

describe('postgresEncryption', () => {
  it.each([
    ['', { mode: 'either' }],
    ['?sslmode=disable', { mode: 'plain' }],
    ['?sslmode=require', { mode: 'encrypted', verify: false, checkHost: false }],
    [
      '?sslmode=verify-full&sslrootcert=/ca.crt',
      { mode: 'encrypted', verify: true, checkHost: true, caFile: '/ca.crt' },
    ],
    ['?ssl=true', { mode: 'encrypted', verify: true, checkHost: true }],
  ])('reads %s', (query, expected) => {
    expect(postgresEncryption(parseJdbcUrl(`jdbc:postgresql://h/d${query}`))).toEqual(expected);
  });
});
