import { describe, expect, it } from '@jest/globals';
import { accountScope } from '@sluice/kernel';
import { LEFT_OUT, REDACTED, redact } from '@sluice/security-events';
import { leastCpuMs } from '@sluice/testing';
import fc from 'fast-check';
import { auditEventOf } from './audit-entry.js';

const VALUE = 'Tr0ub4dor-and-3-horses';
const PLACES = [
  (value: unknown) => value,
  (value: unknown) => ({ spec: value }),
  (value: unknown) => [{ spec: { auth: value } }],
  (value: unknown) => ({ a: { b: { c: [value] } } }),
];

/** Names under which a value is a secret, in the spellings of APIs, tables, YAML and environments. */
const WORDS = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'token',
  'apiKey',
  'accessKey',
  'secretKey',
  'privateKey',
  'signingKey',
  'encryptionKey',
  'sshKey',
  'secretHash',
  'ciphertext',
  'wrappedKey',
  'credentials',
  'authorization',
  'cookie',
  'jwt',
  'keytab',
  'passwordHash',
];
const SPELLINGS: readonly ((word: string) => string)[] = [
  (word) => word,
  (word) => word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  (word) => word.replace(/[A-Z]/g, (letter) => `-${letter}`),
  (word) => word.toUpperCase(),
  (word) => `db${word.charAt(0).toUpperCase()}${word.slice(1)}`,
  (word) => `${word}Value`,
  (word) => `MY_${word.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
];
const SECRET_KEYS = WORDS.flatMap((word) => SPELLINGS.map((spell) => spell(word)));

/** Names that point to a secret or only sound like one. */
const HARMLESS = [
  'passwordRef',
  'tokenRef',
  'secretRef',
  'secretManagerIdentifier',
  'tokenName',
  'apiKeyIdentifier',
  'apiKeyType',
  'keyId',
  'passwordExpression',
  'passwordSlot',
  'delegateTokenName',
  'secretPath',
  'identifier',
  'name',
  'value',
  'key',
  'url',
  'username',
  'accountId',
  'commitSha',
  'branch',
  'tokenCountAt',
];

const TEXTS: readonly (readonly [string, string])[] = [
  ['a personal API key', 'x-api-key: pat.ACC.k1.Tr0ub4dor-and-3-horses'],
  ['a service account key', 'use sat.ACC.robot.Tr0ub4dor-and-3-horses here'],
  ['a JWT', 'eyJhbGciOiJFZERTQSJ9.eyJUcjB1YjRkb3ItYW5kLTMtaG9yc2VzIjoxfQ.Tr0ub4dor-and-3-horses'],
  ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nTr0ub4dor-and-3-horses\n-----END RSA PRIVATE KEY-----'],
  ['a private key that is cut off', '-----BEGIN PRIVATE KEY-----\nTr0ub4dor-and-3-horses'],
  ['a URL with a password', 'https://bot:Tr0ub4dor-and-3-horses@git.example.com/a.git'],
  ['a JDBC URL with a password', 'jdbc:postgresql://db/orders?user=app&password=Tr0ub4dor-and-3-horses&ssl=true'],
  [
    'a SQL Server URL with a password',
    'jdbc:sqlserver://db;databaseName=orders;password=Tr0ub4dor-and-3-horses;encrypt=true',
  ],
  ['a bearer token', 'Authorization: Bearer Tr0ub4dor-and-3-horses'],
  ['a GitHub token', 'ghp_Tr0ub4dor-and-3-horses'],
  ['a GitLab token', 'glpat-Tr0ub4dor-and-3-horses'],
  ['a YAML text', 'variables:\n  - name: x\n    db_password: Tr0ub4dor-and-3-horses\n'],
  ['a JSON text', '{\n  "apiKey": "Tr0ub4dor-and-3-horses"\n}'],
];

describe('what is stored for ever', () => {
  it.each(SECRET_KEYS)('holds no value of %s, wherever it stands', (key) => {
    for (const place of PLACES) {
      const stored = JSON.stringify(redact(place({ [key]: VALUE, name: 'kept' })));
      expect(stored).not.toContain(VALUE);
      expect(stored).toContain(REDACTED);
      expect(stored).toContain('kept');
    }
  });

  it.each(HARMLESS)('keeps %s', (key) => {
    expect(redact({ [key]: 'account.something' })).toEqual({ [key]: 'account.something' });
  });

  it.each(TEXTS)('holds no %s inside a text', (_, text) => {
    expect(JSON.stringify(redact({ note: text }))).not.toContain('Tr0ub4dor');
  });

  it('keeps expressions: they say where a secret is, not what it is', () => {
    const state = {
      password: '<+secrets.getValue("account.db")>',
      yaml: 'password: <+secrets.getValue("db")>\nurl: jdbc:x?password=<+secrets.getValue("db")>',
    };
    expect(redact(state)).toEqual(state);
    expect(redact({ password: `<+a>${VALUE}` })).toEqual({ password: REDACTED });
  });

  it('takes the value of what is a secret itself', () => {
    expect(redact({ name: 'mine', value: VALUE, status: 'ACTIVE' }, true)).toEqual({
      name: 'mine',
      value: REDACTED,
      status: 'ACTIVE',
    });
    expect(
      auditEventOf(
        { principal: { type: 'service', id: 's', name: 's' }, correlationId: '' },
        {
          action: 'create',
          resourceType: 'delegateToken',
          identifier: 'x',
          scope: accountScope('A'),
          after: { value: VALUE },
        },
      ).after,
    ).toEqual({ value: REDACTED });
  });

  it('knows a secret by what an object says of itself', () => {
    expect(redact({ valueType: 'Inline', value: VALUE })).toEqual({ valueType: 'Inline', value: REDACTED });
    expect(redact({ valueType: 'Reference', value: 'secret/data/db#password' })).toEqual({
      valueType: 'Reference',
      value: 'secret/data/db#password',
    });
    expect(redact({ type: 'Secret', name: 'x', value: VALUE })).toEqual({ type: 'Secret', name: 'x', value: REDACTED });
    expect(redact({ name: 'DB_PASSWORD', value: VALUE })).toEqual({ name: 'DB_PASSWORD', value: REDACTED });
    expect(redact({ secret: { value: VALUE, name: 'kept' } })).toEqual({ secret: { value: REDACTED, name: 'kept' } });
    expect(redact({ tokens: [VALUE, VALUE] })).toEqual({ tokens: [REDACTED, REDACTED] });
    expect(redact({ anything: Buffer.from(VALUE) })).toEqual({ anything: REDACTED });
  });

  it('is JSON that PostgreSQL can hold, whatever is given', () => {
    expect(redact('a\u0000b\uD800c')).toBe('a\uFFFDb\uFFFDc');
    expect(
      redact({
        at: new Date(0),
        never: new Date(Number.NaN),
        big: 12n,
        infinite: Infinity,
        gone: undefined,
        call: () => 1,
      }),
    ).toEqual({ at: '1970-01-01T00:00:00.000Z', never: null, big: '12', infinite: null });
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
        (value) => {
          const stored = redact(value);
          expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has an end: deep, wide, long and circular values are cut', () => {
    const circle: Record<string, unknown> = { name: 'x' };
    circle['self'] = circle;
    expect(JSON.stringify(redact(circle))).toContain(LEFT_OUT);
    expect(JSON.stringify(redact('x'.repeat(1_000_000))).length).toBeLessThan(70_000);
    expect(JSON.stringify(redact(Array.from({ length: 100_000 }, (_, index) => index))).length).toBeLessThan(2_000_000);
  });

  it.each(['a', ' ', 'eyJ', 'a.', '-', 'password', 'password=', '<+', 'https://a:', 'AKIA', 'Bearer '])(
    'takes no time over 64 KiB of %j',
    (piece) => {
      const text = piece.repeat(Math.ceil(65_536 / piece.length));
      expect(leastCpuMs(() => redact({ text }))).toBeLessThan(1_500);
    },
  );
});
