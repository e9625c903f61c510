import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { assertMayListen, listenerSecurity } from './listener.js';

describe('the security of a listener', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  beforeAll(() => {
    writeFileSync(
      key,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    writeFileSync(cert, 'no certificate');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const read = (hosts: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    listenerSecurity('app', 'APP', hosts, env);

  it.each(['127.0.0.1', '127.3.2.1', 'localhost', '::1', '[::1]'])(
    'is not needed at %s, which no other machine reaches',
    (host) => {
      expect(read([host])).toBeUndefined();
      expect(() => assertMayListen(host, undefined)).not.toThrow();
    },
  );

  it.each(['0.0.0.0', '::', '[::]', '10.0.0.1', 'sluice.example', '127.0.0.1.example', '1270.0.0.1'])(
    'is demanded at %s, by the names of the variables that give it',
    (host) => {
      expect(() => read(['127.0.0.1', host])).toThrow(
        /APP_TLS_CERT_FILE and APP_TLS_KEY_FILE, or APP_TLS_TERMINATED_BY_PROXY=true/,
      );
      expect(() => assertMayListen(host, undefined)).toThrow(/in clear/);
      expect(read([host], { APP_TLS_TERMINATED_BY_PROXY: 'true' })).toEqual({ kind: 'behindProxy' });
      expect(() => read([host], { APP_TLS_TERMINATED_BY_PROXY: 'false' })).toThrow(/in clear/);
    },
  );

  it('is refused when it is half given, does not fit, or is given twice', () => {
    expect(() => read(['127.0.0.1'], { APP_TLS_KEY_FILE: key })).toThrow(
      /APP_TLS_CERT_FILE and APP_TLS_KEY_FILE belong together/,
    );
    expect(() => read(['127.0.0.1'], { APP_TLS_KEY_FILE: key, APP_TLS_CERT_FILE: cert })).toThrow(
      /does not fit APP_TLS_KEY_FILE/,
    );
    expect(() =>
      read(['127.0.0.1'], { APP_TLS_KEY_FILE: key, APP_TLS_CERT_FILE: cert, APP_TLS_TERMINATED_BY_PROXY: 'true' }),
    ).toThrow(/choose who ends TLS/);
    expect(() => read(['127.0.0.1'], { APP_TLS_KEY_FILE: '/none', APP_TLS_CERT_FILE: cert })).toThrow(/cannot be read/);
    expect(() => read(['127.0.0.1'], { APP_TLS_TERMINATED_BY_PROXY: 'yes' })).toThrow(/APP_TLS_TERMINATED_BY_PROXY/);
  });
});
