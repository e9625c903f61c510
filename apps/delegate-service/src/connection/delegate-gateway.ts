import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  CLOSE_CODES,
  DELEGATE_PATH,
  INSTANCE_HEADER,
  MAX_FRAME_BYTES,
  SUBPROTOCOL,
  type DelegateMessage,
} from '@sluice/delegate-protocol';
import { PlacesOfEach, messageOf, newId, type AppError } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { WebSocketServer, type WebSocket } from 'ws';
import { CONFIG, LOG, REPLICA_ID, type DelegateServiceConfig } from '../config.js';
import { scopeOfRow } from '../database.js';
import { DelegateVisits, type Visitor } from '../security/delegate-visits.js';
import { DelegateRepository } from '../delegate/delegate.repository.js';
import { silentMs } from '../delegate/silence.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { TokenService } from '../token/token.service.js';
import { Admission } from './admission.js';
import { ConnectionLife, type ConnectionHost, type Hello } from './connection-life.js';
import { ConnectionRegistry } from './connection-registry.js';
import type { DelegateSession } from './delegate-session.js';
import { DelegateSocket } from './delegate-socket.js';
import { MessageHandler } from './message-handler.js';
import { Strangers, count } from './strangers.js';
import { BytesOfAccounts } from './unhandled-bytes.js';

const PING_MS = 15_000;
/** For a refused delegate to read why. */
const LAST_WORD_MS = 1_000;
const TOO_MANY = 'too many connections at once; try again';

/** The WebSocket end of the delegate protocol: who may connect, and the life of each connection. Plain `ws` on the service's HTTP server. */
@Injectable()
export class DelegateGateway implements ConnectionHost, OnModuleDestroy {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  private readonly sockets = new Set<DelegateSocket>();
  /** Connections of each account. */
  private readonly connections = new Map<string, number>();
  private readonly work: PlacesOfEach;
  private readonly bytes: BytesOfAccounts;
  private readonly admission: Admission;
  private readonly strangers: Strangers;
  private readonly pings: NodeJS.Timeout;
  private isClosing = false;

  constructor(
    private readonly tokens: TokenService,
    private readonly visits: DelegateVisits,
    private readonly delegates: DelegateRepository,
    private readonly registry: ConnectionRegistry,
    private readonly handler: MessageHandler,
    private readonly bus: NotificationBus,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(REPLICA_ID) private readonly replicaId: string,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.admission = new Admission(config.acceptsPerSecond);
    this.bytes = new BytesOfAccounts(config.unhandledBytesPerAccount);
    this.work = new PlacesOfEach(config.messagesPerAccount);
    this.strangers = new Strangers({ perAddress: config.strangersPerAddress, handshakeMs: config.handshakeMs });
    this.pings = setInterval(() => this.sockets.forEach((socket) => socket.ping()), PING_MS);
  }

  attach(server: Server): void {
    this.strangers.attach(server);
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.upgrade(request, socket, head).catch((cause: unknown) => {
        this.log.error({ error: messageOf(cause) }, 'a connection could not be accepted');
        refuse(socket, 503, 'try again');
      });
    });
  }

  /** Delegates reconnect elsewhere, with jitter; their leases go on meanwhile. */
  onModuleDestroy(): void {
    this.isClosing = true;
    clearInterval(this.pings);
    for (const socket of this.sockets) socket.close(CLOSE_CODES.SHUTTING_DOWN, 'the delegate service is restarting');
    // A peer that does not answer the close is not waited for.
    setTimeout(() => this.server.clients.forEach((client) => client.terminate()), 1_000).unref();
    this.server.close();
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?', 1)[0] !== DELEGATE_PATH) return refuse(socket, 404, 'no WebSocket here');
    if (this.isClosing) return refuse(socket, 503, TOO_MANY);
    const address = request.socket.remoteAddress ?? '';
    const who = await this.strangers.lookUp(address, () => this.tokens.authenticate(request.headers.authorization));
    if (who?.outcome === 'refused' && who.token) this.visits.refused({ token: who.token, address }, who.reason.message);
    if (socket.destroyed) return;
    if (!who) return refuse(socket, 503, TOO_MANY);
    if (who.outcome === 'refused') return this.refuseStranger(request, socket, head, who.reason);
    const { id, account_id: accountId } = who.token;
    if (this.sockets.size >= this.config.maxConnections || !this.admission.admits(id))
      return refuse(socket, 503, TOO_MANY);
    if ((this.connections.get(accountId) ?? 0) >= this.config.connectionsPerAccount)
      return refuse(
        socket,
        503,
        `the account has ${this.config.connectionsPerAccount} connections, which is its limit; try again`,
      );
    this.server.handleUpgrade(request, socket, head, (webSocket) =>
      this.accept(webSocket, request, { token: who.token, address }),
    );
  }

  /** A refused delegate gets its close code rather than a bare HTTP status, so that it can tell its owner why. A flood gets the status. */
  private refuseStranger(request: IncomingMessage, socket: Duplex, head: Buffer, reason: AppError): void {
    const address = request.socket.remoteAddress ?? '';
    if (!this.strangers.explains(address)) return refuse(socket, 401, reason.message);
    this.log.warn({ address, reason: reason.message }, 'delegate refused');
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      webSocket.close(
        reason.code === 'REVOKED_TOKEN' ? CLOSE_CODES.TOKEN_REVOKED : CLOSE_CODES.UNAUTHORISED,
        reason.message.slice(0, 120),
      );
      setTimeout(() => webSocket.terminate(), LAST_WORD_MS).unref();
    });
  }

  private accept(webSocket: WebSocket, request: IncomingMessage, visitor: Visitor): void {
    const life = new ConnectionLife(this, visitor, request.headers[INSTANCE_HEADER]);
    const socket: DelegateSocket = new DelegateSocket(
      webSocket,
      { message: (message) => life.receive(socket, message), closed: (code) => life.end(socket, code) },
      this.bytes.of(visitor.token.account_id, request.socket, () => webSocket.terminate()),
    );
    life.start(socket, this.config.handshakeMs);
  }

  track(socket: DelegateSocket, { token }: Visitor): void {
    this.sockets.add(socket);
    count(this.connections, token.account_id, 1);
  }

  untrack(socket: DelegateSocket, { token }: Visitor): void {
    if (this.sockets.delete(socket)) count(this.connections, token.account_id, -1);
  }

  /** Registers the delegate and answers `welcome`. */
  welcome(socket: DelegateSocket, visitor: Visitor, hello: Hello, isKeyProven: boolean): Promise<DelegateSession> {
    return this.inShareOf(visitor.token.account_id, () => this.register(socket, visitor, hello, isKeyProven));
  }

  private async register(
    socket: DelegateSocket,
    visitor: Visitor,
    hello: Hello,
    isKeyProven: boolean,
  ): Promise<DelegateSession> {
    const connectionId = newId();
    const registration = {
      instanceId: hello.instanceId,
      name: hello.name,
      hostName: hello.hostName,
      version: hello.version,
      tags: hello.tags,
      taskKinds: hello.taskKinds,
      maxTasks: hello.maxConcurrentTasks,
      publicKey: hello.publicKey,
      isKeyProven,
    };
    const { token } = visitor;
    const scope = scopeOfRow(token);
    const delegateId = await this.delegates.register(
      scope,
      { ...registration, tokenId: token.id, connectionId, replicaId: this.replicaId },
      silentMs(this.config),
      (manager, arrival) => this.visits.arrived(manager, visitor, arrival),
    );
    const session: DelegateSession = {
      ...registration,
      delegateId,
      connectionId,
      scope,
      accountId: token.account_id,
      tokenId: token.id,
      isDraining: false,
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
    };
    this.registry.add(session);
    await this.bus.publish({ type: 'replaced', delegateId, connectionId });
    const lost = await this.handler.resume(session, hello.held);
    session.send({
      type: 'welcome',
      replyTo: hello.id,
      delegateId,
      heartbeatMs: this.config.heartbeatMs,
      leaseMs: this.config.leaseMs,
      fenceMs: this.config.fenceMs,
      lost: [...lost],
    });
    this.log.info(
      {
        delegateId,
        name: hello.name,
        hostName: hello.hostName,
        version: hello.version,
        held: hello.held.length,
        lost: lost.length,
      },
      'delegate connected',
    );
    await this.handler.offerBacklog(session);
    return session;
  }

  async receive(session: DelegateSession, message: DelegateMessage): Promise<void> {
    if (message.type === 'hello' || message.type === 'proof')
      return session.close(CLOSE_CODES.BAD_MESSAGE, `${message.type} is sent once, first`);
    await this.inShareOf(session.accountId, () => this.handler.handle(session, message));
  }

  /** However many messages the delegates of one account send, those of the others find a way to the database. */
  private inShareOf<T>(accountId: string, work: () => Promise<T>): Promise<T> {
    return this.work.within(accountId, undefined, work);
  }

  async gone(session: DelegateSession, code: number): Promise<void> {
    this.registry.remove(session);
    const wasCurrent = await this.inShareOf(session.accountId, () =>
      this.delegates.disconnect(session.delegateId, session.connectionId),
    ).catch(() => false);
    this.log.info({ delegateId: session.delegateId, name: session.name, code, wasCurrent }, 'delegate disconnected');
  }

  refused(visitor: Visitor, reason: string): void {
    this.visits.refused(visitor, reason);
    this.log.warn({ address: visitor.address, token: visitor.token.name, reason }, 'delegate refused');
  }

  failed(cause: unknown): void {
    this.log.error({ error: messageOf(cause) }, 'delegate could not be registered');
  }
}

const REFUSALS = { 401: 'Unauthorized', 404: 'Not Found', 503: 'Service Unavailable' } as const;

function refuse(socket: Duplex, status: keyof typeof REFUSALS, reason: string): void {
  const head = `HTTP/1.1 ${status} ${REFUSALS[status]}\r\nconnection: close\r\nretry-after: 1\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(reason)}\r\n\r\n`;
  // A peer that leaves its half open is not waited for.
  socket.end(`${head}${reason}`, () => socket.destroy());
}
