import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { readSshKey } from './ssh-key.js';

const field = (content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** As ssh-keygen writes them (PROTOCOL.key). */
function openSsh({
  cipher = 'none',
  checks = [7, 7],
  type = 'ssh-ed25519',
  keys = 1,
}: { cipher?: string; checks?: [number, number]; type?: string; keys?: number } = {}): string {
  const secretPart = Buffer.concat([
    number(checks[0]),
    number(checks[1]),
    field(type),
    field('public'),
    field('secret'),
    field('comment'),
  ]);
  const bytes = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field(cipher),
    field(cipher === 'none' ? 'none' : 'bcrypt'),
    field(''),
    number(keys),
    field(field('ssh-ed25519')),
    field(secretPart),
  ]);
  return armoured(bytes);
}
const armoured = (bytes: Buffer): string =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64').replace(/(.{70})/g, '$1\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
const pem = (options: object): string =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...options },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  } as never).privateKey as unknown as string;

describe('an SSH key', () => {
  it('in the OpenSSH format is read', () => {
    expect(readSshKey(openSsh(), undefined)).toEqual({ type: 'ssh-ed25519', encryption: { isEncrypted: false } });
    expect(readSshKey(openSsh({ cipher: 'aes256-ctr' }), 'anything')).toEqual({
      type: 'ssh-ed25519',
      encryption: { isEncrypted: true, passphraseFits: null },
    });
  });

  it('in the PEM format is read, with its passphrase tried', () => {
    const locked = pem({ cipher: 'aes-256-cbc', passphrase: 'right' });
    expect(readSshKey(pem({}), undefined)).toEqual({ type: 'ec', encryption: { isEncrypted: false } });
    expect(readSshKey(locked, undefined).encryption).toEqual({ isEncrypted: true, passphraseFits: null });
    expect(readSshKey(locked, 'right').encryption).toEqual({ isEncrypted: true, passphraseFits: true });
    expect(readSshKey(locked, 'wrong').encryption).toEqual({ isEncrypted: true, passphraseFits: false });
  });

  it.each([
    ['a public key', 'ssh-ed25519 AAAAC3 me@host', /public key/],
    ['anything else', 'hunter2', /no private key/],
    ['nothing', '', /no private key/],
    ['check numbers that differ', openSsh({ checks: [1, 2] }), /damaged/],
    ['two keys', openSsh({ keys: 2 }), /exactly one/],
    ['another type inside', openSsh({ type: 'ssh-rsa' }), /damaged/],
    ['its end cut off', armoured(Buffer.from('openssh-key-v1\0\0\0\0\x04no')), /cut off/],
    [
      'a length beyond its end',
      armoured(Buffer.concat([Buffer.from('openssh-key-v1\0'), Buffer.alloc(4, 255)])),
      /cut off/,
    ],
    ['other bytes', armoured(Buffer.from('something')), /damaged/],
    ['a PEM body that is none', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /cannot be read/],
  ])('with %s is told what is wrong, without being quoted', (_, text, message) => {
    expect(() => readSshKey(text, undefined)).toThrow(message);
  });
});
