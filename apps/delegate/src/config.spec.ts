import { describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { parseConfig } from './config.js';

const needed = { DELEGATE_SERVICE_URL: 'ws://cp:9090/', DELEGATE_TOKEN_FILE: '/t' };

describe('the delegate’s configuration', () => {
  it('gives the processes of a pod a few named variables and nothing else of its own', () => {
    const { pods } = parseConfig({
      ...needed,
      PATH: '/bin',
      AWS_SECRET_ACCESS_KEY: 'x',
      DELEGATE_TAGS: 'a',
      JAVA_HOME: '/jdk',
      HOME: '/root',
      STEP_RUNNER_ENGINE_DIR: '/engine',
    });
    expect(pods.environment).toEqual({
      PATH: '/bin',
      LANG: 'C.UTF-8',
      JAVA_HOME: '/jdk',
      STEP_RUNNER_ENGINE_DIR: '/engine',
    });
  });

  it('gives them the folder for certificates of databases that its operator named', () => {
    const { pods, databaseCertsDir } = parseConfig({ ...needed, DELEGATE_DATABASE_CERTS_DIR: '/certs/./db/' });
    expect([
      databaseCertsDir,
      pods.environment['STEP_RUNNER_DATABASE_CERTS_DIR'],
      parseConfig(needed).databaseCertsDir,
    ]).toEqual(['/certs/db', '/certs/db', '/etc/ssl/certs/dbops']);
    expect(() => parseConfig({ ...needed, DELEGATE_DATABASE_CERTS_DIR: 'certs' })).toThrow(
      'DELEGATE_DATABASE_CERTS_DIR',
    );
  });

  it('gives them the authorities its operator trusts, by a path that does not depend on their folder', () => {
    expect(parseConfig({ ...needed, NODE_EXTRA_CA_CERTS: 'certs/own.pem' }).pods.environment).toMatchObject({
      NODE_EXTRA_CA_CERTS: resolve('certs/own.pem'),
    });
  });

  it.each([
    ['too many', Array.from({ length: 101 }, (_, index) => `t${index}`).join(',')],
    ['too long', 'x'.repeat(129)],
  ])('refuses tags that are %s, naming variable and limit', (_, DELEGATE_TAGS) => {
    expect(() => parseConfig({ ...needed, DELEGATE_TAGS })).toThrow(
      /at most 100 tags of at most 128 characters.*DELEGATE_TAGS/s,
    );
  });

  it('splits tags, cuts blanks and the slash at the end of the address', () => {
    expect(parseConfig({ ...needed, DELEGATE_TAGS: ' eu, ,prod ' })).toMatchObject({
      tags: ['eu', 'prod'],
      serviceUrl: 'ws://cp:9090',
    });
  });

  it('names every variable that is wrong at once', () => {
    expect(() => parseConfig({ DELEGATE_SERVICE_URL: 'http://cp', DELEGATE_POOL_SIZE: '-1' })).toThrow(
      /DELEGATE_SERVICE_URL[\s\S]*DELEGATE_TOKEN_FILE[\s\S]*DELEGATE_POOL_SIZE|DELEGATE_TOKEN_FILE/,
    );
  });
});
