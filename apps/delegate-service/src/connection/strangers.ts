import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { Admission } from './admission.js';

export interface StrangerLimits {
  /** Sockets of one address that have not brought a whole request yet. */
  readonly perAddress: number;
  /** Milliseconds from the connection to a whole request. */
  readonly handshakeMs: number;
}

/** Token look-ups at the same time. A look-up takes milliseconds, so only a flood or a database that hangs reaches them. */
const LOOKUPS_PER_ADDRESS = 16;
const LOOKUPS = 64;
/** A refusal with its reason costs a whole handshake; past this an address gets a bare status. */
const EXPLAINED_PER_SECOND = 10;

/** What connections may take of the service before they have shown a token. Each address has its own share. */
export class Strangers {
  /** What to do once a socket has brought a whole request. */
  private readonly heard = new WeakMap<Socket, () => void>();
  /** Sockets of each address that have brought none. */
  private readonly silent = new Map<string, number>();
  private readonly lookups = new Map<string, number>();
  private readonly explanations = new Admission(EXPLAINED_PER_SECOND);
  private lookupCount = 0;

  constructor(private readonly limits: StrangerLimits) {}

  /** Watches every connection of the server, until it has brought a whole request. */
  attach(server: Server): void {
    const hear = (request: IncomingMessage): void => this.heard.get(request.socket)?.();
    server.on('request', hear);
    server.prependListener('upgrade', hear);
    // With TLS, requests come on the socket inside.
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => this.watch(socket));
  }

  private watch(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    if ((this.silent.get(address) ?? 0) >= this.limits.perAddress) return void socket.destroy();
    count(this.silent, address, 1);
    const deadline = setTimeout(() => socket.destroy(), this.limits.handshakeMs);
    const leave = (): void => {
      if (this.heard.delete(socket)) count(this.silent, address, -1);
      clearTimeout(deadline);
    };
    this.heard.set(socket, leave);
    socket.once('close', leave);
  }

  /** Looks up who comes from an address. @returns undefined when that address, or all together, look up too much already */
  async lookUp<T>(address: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.lookupCount >= LOOKUPS || (this.lookups.get(address) ?? 0) >= LOOKUPS_PER_ADDRESS) return undefined;
    count(this.lookups, address, 1);
    this.lookupCount += 1;
    try {
      return await work();
    } finally {
      count(this.lookups, address, -1);
      this.lookupCount -= 1;
    }
  }

  /** Whether a refusal may still be explained to this address. */
  explains(address: string): boolean {
    return this.explanations.admits(address);
  }
}

/** Adds to the number under a key; none is kept for zero. */
export function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next <= 0) counts.delete(key);
  else counts.set(key, next);
}
