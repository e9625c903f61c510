import { constants, createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';

type Plugin = 'mysql_native_password' | 'caching_sha2_password' | 'mysql_clear_password' | 'dialog';

/** How the server behaves; may be changed between sign-ins. */
export interface MysqlBehaviour {
  username: string;
  password: string;
  database: string;
  /** Named in the greeting. */
  greeting: Plugin;
  /** Of the user; differs from the greeting's: the server asks the client to switch. */
  user: Plugin;
  /** Does the server remember the user's proof (`caching_sha2_password`)? */
  isCached: boolean;
  tls: { readonly cert: string; readonly key: string } | undefined;
  version: string;
}

const CLIENT_SSL = 0x800;
const CLIENT_CONNECT_WITH_DB = 0x8;

/**
 * The sign-in of a MySQL server, after its public protocol documentation: greeting (protocol 10), TLS upgrade, authentication plugins, switch, errors.
 * It checks proofs by what a server stores, not by what the client computes: the two sides share no code.
 */
export class MysqlServer {
  readonly behaviour: MysqlBehaviour = {
    username: 'ann',
    password: 'p4ss-word',
    database: 'orders',
    greeting: 'caching_sha2_password',
    user: 'caching_sha2_password',
    isCached: true,
    tls: undefined,
    version: '8.4.2',
  };
  /** What clients named of themselves. */
  readonly signIns: { readonly username: string; readonly database: string; readonly isEncrypted: boolean }[] = [];
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly open = new Set<Socket>();
  private readonly server: Server = createServer((socket) => {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    void this.serve(socket).catch(() => socket.destroy());
  });

  static async start(): Promise<MysqlServer> {
    const made = new MysqlServer();
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  private async serve(plain: Socket): Promise<void> {
    plain.on('error', () => undefined);
    const { behaviour } = this;
    let nonce = Buffer.from(randomBytes(20).map((byte) => (byte % 120) + 1));
    let wire = new Wire(plain);
    wire.send(0, this.greeting(nonce));
    let packet = await wire.next();
    const isEncrypted = packet.payload.length === 32 && (packet.payload.readUInt32LE(0) & CLIENT_SSL) !== 0;
    if (isEncrypted && behaviour.tls) {
      wire.release();
      const secure = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext(behaviour.tls) });
      secure.on('error', () => undefined);
      wire = new Wire(secure, packet.sequence);
      packet = await wire.next();
    }
    const login = readLogin(packet.payload);
    this.signIns.push({ username: login.username, database: login.database, isEncrypted });
    let { proof } = login;
    if (login.plugin !== behaviour.user) {
      nonce = Buffer.from(randomBytes(20).map((byte) => (byte % 120) + 1));
      wire.send(
        packet.sequence + 1,
        Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${behaviour.user}\0`), nonce, Buffer.from([0])]),
      );
      packet = await wire.next();
      proof = packet.payload;
    }
    const isRight =
      login.username === behaviour.username && (await this.accepts(wire, packet, proof, nonce, isEncrypted));
    const sequence = wire.last + 1;
    if (!isRight)
      return wire.send(
        sequence,
        error(1045, '28000', `Access denied for user '${login.username}'@'127.0.0.1' (using password: YES)`),
      );
    if (login.database !== behaviour.database)
      return wire.send(sequence, error(1049, '42000', `Unknown database '${login.database}'`));
    wire.send(sequence, Buffer.from([0, 0, 0, 2, 0, 0, 0]));
  }

  private async accepts(
    wire: Wire,
    packet: Packet,
    proof: Buffer,
    nonce: Buffer,
    isEncrypted: boolean,
  ): Promise<boolean> {
    const { user, password, isCached } = this.behaviour;
    switch (user) {
      case 'mysql_native_password': {
        const stored = digest('sha1', digest('sha1', Buffer.from(password)));
        return digest('sha1', mix(proof, digest('sha1', nonce, stored))).equals(stored);
      }
      case 'caching_sha2_password': {
        const stored = digest('sha256', digest('sha256', Buffer.from(password)));
        if (isCached) {
          if (!digest('sha256', mix(proof, digest('sha256', stored, nonce))).equals(stored)) return false;
          wire.send(packet.sequence + 1, Buffer.from([0x01, 0x03]));
          return true;
        }
        wire.send(packet.sequence + 1, Buffer.from([0x01, 0x04]));
        return this.readWholePassword(wire, nonce, isEncrypted);
      }
      case 'mysql_clear_password':
        return proof.toString() === `${password}\0`;
      case 'dialog':
        return false;
    }
  }

  private async readWholePassword(wire: Wire, nonce: Buffer, isEncrypted: boolean): Promise<boolean> {
    const { payload, sequence } = await wire.next();
    const wanted = `${this.behaviour.password}\0`;
    if (isEncrypted) return payload.toString() === wanted;
    if (!payload.equals(Buffer.from([0x02]))) return false;
    wire.send(
      sequence + 1,
      Buffer.concat([Buffer.from([0x01]), Buffer.from(this.keys.publicKey.export({ type: 'spki', format: 'pem' }))]),
    );
    const { payload: sealed } = await wire.next();
    return (
      mix(
        privateDecrypt(
          { key: this.keys.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
          sealed,
        ),
        nonce,
      ).toString() === wanted
    );
  }

  private greeting(nonce: Buffer): Buffer {
    const { version, greeting, tls } = this.behaviour;
    const capabilities = 0x8a28f | (tls ? CLIENT_SSL : 0);
    const tail = Buffer.alloc(18);
    tail.writeUInt16LE(capabilities & 0xffff, 0);
    tail.writeUInt8(45, 2);
    tail.writeUInt16LE(2, 3);
    tail.writeUInt16LE(capabilities >>> 16, 5);
    tail.writeUInt8(21, 7);
    return Buffer.concat([
      Buffer.from([10]),
      Buffer.from(`${version}\0`),
      Buffer.from([1, 0, 0, 0]),
      nonce.subarray(0, 8),
      Buffer.from([0]),
      tail,
      nonce.subarray(8),
      Buffer.from([0]),
      Buffer.from(`${greeting}\0`),
    ]);
  }
}

interface Packet {
  readonly payload: Buffer;
  readonly sequence: number;
}

class Wire {
  private buffer = Buffer.alloc(0);
  private wake: () => void = () => undefined;
  private readonly onData = (chunk: Buffer): void => {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    this.wake();
  };

  /** @param last sequence of the packet before the next one */
  constructor(
    private readonly socket: Socket,
    public last = -1,
  ) {
    socket.on('data', this.onData);
  }

  /** Leaves the socket to TLS, with what came already. */
  release(): void {
    this.socket.off('data', this.onData);
    this.socket.pause();
    this.socket.unshift(this.buffer);
  }

  send(sequence: number, payload: Buffer): void {
    const head = Buffer.alloc(4);
    head.writeUIntLE(payload.length, 0, 3);
    head.writeUInt8(sequence, 3);
    this.socket.write(Buffer.concat([head, payload]));
    this.last = sequence;
  }

  async next(): Promise<Packet> {
    while (this.buffer.length < 4 || this.buffer.length < 4 + this.buffer.readUIntLE(0, 3))
      await new Promise<void>((resolve) => (this.wake = resolve));
    const length = this.buffer.readUIntLE(0, 3);
    const sequence = this.buffer.readUInt8(3);
    if (sequence !== this.last + 1) throw new Error(`packet ${sequence} after ${this.last}`);
    const payload = this.buffer.subarray(4, 4 + length);
    this.buffer = this.buffer.subarray(4 + length);
    this.last = sequence;
    return { payload, sequence };
  }
}

function readLogin(packet: Buffer): {
  readonly username: string;
  readonly proof: Buffer;
  readonly database: string;
  readonly plugin: string;
} {
  let at = 32;
  const text = (): string => {
    const end = packet.indexOf(0, at);
    const value = packet.subarray(at, end).toString();
    at = end + 1;
    return value;
  };
  const username = text();
  const length = packet.readUInt8(at);
  const proof = packet.subarray(at + 1, at + 1 + length);
  at += 1 + length;
  const database = (packet.readUInt32LE(0) & CLIENT_CONNECT_WITH_DB) === 0 ? '' : text();
  return { username, proof, database, plugin: text() };
}

function error(code: number, state: string, message: string): Buffer {
  const head = Buffer.from([0xff, 0, 0]);
  head.writeUInt16LE(code, 1);
  return Buffer.concat([head, Buffer.from(`#${state}${message}`)]);
}

function digest(algorithm: string, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function mix(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ (right[at % right.length] ?? 0)));
}
