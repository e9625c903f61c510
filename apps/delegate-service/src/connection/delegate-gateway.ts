import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CLOSE_CODES, DELEGATE_PATH, INSTANCE_HEADER, MAX_FRAME_BYTES, PROTOCOL_VERSION, SUBPROTOCOL, type DelegateMessage } from '@sluice/delegate-protocol';
import { AppError, messageOf, newId } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { WebSocketServer, type WebSocket } from 'ws';
import { CONFIG, LOG, REPLICA_ID, type DelegateServiceConfig } from '../config.js';
import { scopeOfRow } from '../database.js';
import { DelegateRepository } from '../delegate/delegate.repository.js';
import { silentMs } from '../delegate/silence.js';
import { NotificationBus } from '../notification/notification-bus.js';
import type { TokenRow } from '../token/token.repository.js';
import { TokenService } from '../token/token.service.js';
import { Admission } from './admission.js';
import { ConnectionRegistry } from './connection-registry.js';
import type { DelegateSession } from './delegate-session.js';
import { DelegateSocket } from './delegate-socket.js';
import { MessageHandler } from './message-handler.js';

type Hello = Extract<DelegateMessage, { type: 'hello' }>;

const PING_MS = 15_000;
const HELLO_WITHIN_MS = 10_000;

/** The WebSocket end of the delegate protocol: who may connect, and the life of each connection. Plain `ws` on the service's HTTP server. */
@Injectable()
export class DelegateGateway implements OnModuleDestroy {
  private readonly server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES, handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false) });
  private readonly sockets = new Set<DelegateSocket>();
  private readonly admission: Admission;
  private readonly pings: NodeJS.Timeout;
  private isClosing = false;

  constructor(
    private readonly tokens: TokenService,
    private readonly delegates: DelegateRepository,
    private readonly registry: ConnectionRegistry,
    private readonly handler: MessageHandler,
    private readonly bus: NotificationBus,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(REPLICA_ID) private readonly replicaId: string,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.admission = new Admission(config.acceptsPerSecond);
    this.pings = setInterval(() => this.sockets.forEach((socket) => socket.ping()), PING_MS);
  }

  attach(server: Server): void {
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
    if (this.isClosing || this.sockets.size >= this.config.maxConnections || !this.admission.admits()) return refuse(socket, 503, 'too many connections at once; try again');
    const token = await this.authenticate(request);
    if (socket.destroyed) return;
    this.server.handleUpgrade(request, socket, head, (webSocket) => this.accept(webSocket, request, token));
  }

  private async authenticate(request: IncomingMessage): Promise<TokenRow | AppError> {
    try {
      return await this.tokens.authenticate(request.headers.authorization);
    } catch (cause) {
      if (cause instanceof AppError) return cause;
      throw cause;
    }
  }

  /** A refused delegate gets its close code rather than a bare HTTP status, so that it can tell its owner why. */
  private accept(webSocket: WebSocket, request: IncomingMessage, token: TokenRow | AppError): void {
    if (token instanceof AppError) {
      this.log.warn({ address: request.socket.remoteAddress, reason: token.message }, 'delegate refused');
      webSocket.on('error', () => webSocket.terminate());
      webSocket.close(token.code === 'REVOKED_TOKEN' ? CLOSE_CODES.TOKEN_REVOKED : CLOSE_CODES.UNAUTHORISED, token.message.slice(0, 120));
      return;
    }
    const life = new ConnectionLife(this, token, request.headers[INSTANCE_HEADER]);
    const socket = new DelegateSocket(webSocket, { message: (message) => life.receive(message), closed: (code) => life.end(code) });
    life.start(socket);
  }

  track(socket: DelegateSocket): void {
    this.sockets.add(socket);
  }

  untrack(socket: DelegateSocket): void {
    this.sockets.delete(socket);
  }

  /** First message of a connection: registers the delegate and answers `welcome`. */
  async welcome(socket: DelegateSocket, token: TokenRow, hello: Hello): Promise<DelegateSession> {
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
    };
    const scope = scopeOfRow(token);
    const delegateId = await this.delegates.register(scope, { ...registration, tokenId: token.id, connectionId, replicaId: this.replicaId }, silentMs(this.config));
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
    session.send({ type: 'welcome', replyTo: hello.id, delegateId, heartbeatMs: this.config.heartbeatMs, leaseMs: this.config.leaseMs, fenceMs: this.config.fenceMs, lost: [...lost] });
    this.log.info({ delegateId, name: hello.name, hostName: hello.hostName, version: hello.version, held: hello.held.length, lost: lost.length }, 'delegate connected');
    await this.handler.offerBacklog(session);
    return session;
  }

  async receive(session: DelegateSession, message: DelegateMessage): Promise<void> {
    if (message.type === 'hello') return session.close(CLOSE_CODES.BAD_MESSAGE, 'hello is sent once, first');
    await this.handler.handle(session, message);
  }

  async gone(session: DelegateSession, code: number): Promise<void> {
    this.registry.remove(session);
    const wasCurrent = await this.delegates.disconnect(session.delegateId, session.connectionId).catch(() => false);
    this.log.info({ delegateId: session.delegateId, name: session.name, code, wasCurrent }, 'delegate disconnected');
  }

  failed(cause: unknown): void {
    this.log.error({ error: messageOf(cause) }, 'delegate could not be registered');
  }
}

/** The order of things on one connection: hello first and soon, then everything else. */
class ConnectionLife {
  private session: Promise<DelegateSession> | undefined;
  private socket: DelegateSocket | undefined;
  private impatience: NodeJS.Timeout | undefined;

  constructor(
    private readonly gateway: DelegateGateway,
    private readonly token: TokenRow,
    private readonly instanceHeader: string | string[] | undefined,
  ) {}

  start(socket: DelegateSocket): void {
    this.socket = socket;
    this.gateway.track(socket);
    this.impatience = setTimeout(() => socket.close(CLOSE_CODES.BAD_MESSAGE, 'no hello within 10 s'), HELLO_WITHIN_MS);
  }

  async receive(message: DelegateMessage): Promise<void> {
    const { socket } = this;
    if (!socket) return;
    if (this.session) {
      const session = await this.session.catch(() => undefined);
      if (session) await this.gateway.receive(session, message);
      return;
    }
    const problem = problemOf(message, this.instanceHeader);
    if (problem || message.type !== 'hello') return socket.close(problem?.code ?? CLOSE_CODES.BAD_MESSAGE, problem?.reason ?? 'the first message must be hello');
    clearTimeout(this.impatience);
    this.session = this.gateway.welcome(socket, this.token, message);
    await this.session.catch((cause: unknown) => {
      this.gateway.failed(cause);
      socket.close(CLOSE_CODES.SHUTTING_DOWN, 'registration failed; try again');
    });
  }

  end(code: number): void {
    clearTimeout(this.impatience);
    if (this.socket) this.gateway.untrack(this.socket);
    void this.session?.then(
      (session) => this.gateway.gone(session, code),
      () => undefined,
    );
  }
}

function problemOf(message: DelegateMessage, instanceHeader: string | string[] | undefined): { code: number; reason: string } | undefined {
  if (message.type !== 'hello') return { code: CLOSE_CODES.BAD_MESSAGE, reason: 'the first message must be hello' };
  const { min, max } = message.protocol;
  if (min > PROTOCOL_VERSION || max < PROTOCOL_VERSION) return { code: CLOSE_CODES.PROTOCOL_VERSION, reason: `this service speaks protocol version ${PROTOCOL_VERSION}, the delegate ${min} to ${max}` };
  if (instanceHeader !== undefined && instanceHeader !== message.instanceId) return { code: CLOSE_CODES.BAD_MESSAGE, reason: `hello and header ${INSTANCE_HEADER} name different instances` };
  return undefined;
}

function refuse(socket: Duplex, status: 404 | 503, reason: string): void {
  const text = status === 404 ? 'Not Found' : 'Service Unavailable';
  socket.end(`HTTP/1.1 ${status} ${text}\r\nconnection: close\r\nretry-after: 1\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}
