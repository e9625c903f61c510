import { constants, createHash, publicEncrypt } from 'node:crypto';

/** The first packet of a MySQL or MariaDB server. */
export interface ServerGreeting {
  readonly version: string;
  readonly nonce: Buffer;
  readonly plugin: string;
  readonly hasTls: boolean;
}

const CLIENT_LONG_PASSWORD = 0x1;
const CLIENT_CONNECT_WITH_DB = 0x8;
const CLIENT_PROTOCOL_41 = 0x200;
const CLIENT_SSL = 0x800;
const CLIENT_TRANSACTIONS = 0x2000;
const CLIENT_SECURE_CONNECTION = 0x8000;
const CLIENT_PLUGIN_AUTH = 0x80000;
const MAX_PACKET = 1 << 24;
const UTF8MB4 = 45;
const NONCE_BYTES = 20;

/** Reads protocol version 10. @returns undefined for what is no greeting */
export function parseGreeting(packet: Buffer): ServerGreeting | undefined {
  if (packet[0] !== 10) return undefined;
  const end = packet.indexOf(0, 1);
  if (end < 0 || packet.length < end + 32) return undefined;
  let at = end + 1 + 4;
  const first = packet.subarray(at, at + 8);
  at += 8 + 1;
  const low = packet.readUInt16LE(at);
  at += 2 + 1 + 2;
  const high = packet.readUInt16LE(at);
  at += 2 + 1 + 10;
  const capabilities = low | (high << 16);
  const second = packet.subarray(at, at + NONCE_BYTES - 8);
  at += NONCE_BYTES - 8 + 1;
  const plugin = packet.subarray(at, packet.indexOf(0, at) < 0 ? undefined : packet.indexOf(0, at)).toString('latin1');
  return {
    version: packet.subarray(1, end).toString('latin1'),
    nonce: Buffer.concat([first, second]),
    plugin: plugin || 'mysql_native_password',
    hasTls: (capabilities & CLIENT_SSL) !== 0,
  };
}

interface Login {
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

function capabilitiesOf({ database }: Login, isTls: boolean): number {
  return (
    CLIENT_LONG_PASSWORD |
    CLIENT_PROTOCOL_41 |
    CLIENT_TRANSACTIONS |
    CLIENT_SECURE_CONNECTION |
    CLIENT_PLUGIN_AUTH |
    (database === '' ? 0 : CLIENT_CONNECT_WITH_DB) |
    (isTls ? CLIENT_SSL : 0)
  );
}

function head(login: Login, isTls: boolean): Buffer {
  const buffer = Buffer.alloc(32);
  buffer.writeUInt32LE(capabilitiesOf(login, isTls), 0);
  buffer.writeUInt32LE(MAX_PACKET, 4);
  buffer.writeUInt8(UTF8MB4, 8);
  return buffer;
}

/** Asks the server to go on in TLS; the same head comes again inside it. */
export function tlsRequest(login: Login): Buffer {
  return head(login, true);
}

export function loginPacket(login: Login, plugin: string, proof: Buffer, isTls: boolean): Buffer {
  const text = (value: string): Buffer => Buffer.from(`${value}\0`);
  return Buffer.concat([
    head(login, isTls),
    text(login.username),
    Buffer.from([proof.length]),
    proof,
    ...(login.database === '' ? [] : [text(login.database)]),
    text(plugin),
  ]);
}

/** What proves the password to a plugin, without showing it. @returns undefined for a plugin that is not known */
export function proofOf(plugin: string, password: string, nonce: Buffer): Buffer | undefined {
  if (password === '')
    return plugin === 'mysql_native_password' || plugin === 'caching_sha2_password' ? Buffer.alloc(0) : undefined;
  if (plugin === 'mysql_native_password') {
    const once = sha('sha1', Buffer.from(password));
    return xor(once, sha('sha1', nonce, sha('sha1', once)));
  }
  if (plugin === 'caching_sha2_password') {
    const once = sha('sha256', Buffer.from(password));
    return xor(once, sha('sha256', sha('sha256', once), nonce));
  }
  return undefined;
}

/** The password for a server that does not remember its proof, readable to the holder of the server's private key alone. */
export function encryptedPassword(password: string, nonce: Buffer, publicKey: string): Buffer {
  return publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    xor(Buffer.from(`${password}\0`), nonce),
  );
}

/** An `ERR` packet's code and text. */
export function parseError(packet: Buffer): { readonly code: number; readonly message: string } {
  const hasState = packet[3] === 0x23;
  return {
    code: packet.length >= 3 ? packet.readUInt16LE(1) : 0,
    message: packet
      .subarray(hasState ? 9 : 3)
      .toString('utf8')
      .slice(0, 300),
  };
}

function sha(algorithm: string, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(text: Buffer, key: Buffer): Buffer {
  return Buffer.from(text.map((byte, at) => byte ^ (key[at % key.length] ?? 0)));
}
