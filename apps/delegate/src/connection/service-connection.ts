import { readFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  CLOSE_CODES,
  DELEGATE_PATH,
  INSTANCE_HEADER,
  KEY_PROOF_VERSION,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  TASK_KINDS,
  formatDelegateToken,
  keyProofContext,
  parseDelegateToken,
  serverMessage,
  type DelegateMessage,
  type HeldLease,
  type ServerMessage,
} from '@sluice/delegate-protocol';
import { messageOf, newId, storable } from '@sluice/kernel';
import { steadyNow } from '@sluice/runner-rpc';
import { open, type SealingKeyPair } from '@sluice/sealed-secrets';
import type { Logger } from '@sluice/telemetry';
import { WebSocket, type RawData } from 'ws';
import { CONFIG, INSTANCE_ID, KEY_PAIR, LOG, type DelegateConfig } from '../config.js';
import { heartbeatPauseMs, reconnectMs } from './reconnect.js';

type Sent = DelegateMessage extends infer M
  ? M extends DelegateMessage
    ? Omit<M, 'v' | 'id'> & { readonly id?: string }
    : never
  : never;
type Welcome = Extract<ServerMessage, { type: 'welcome' }>;
type Challenge = Extract<ServerMessage, { type: 'challenge' }>;

/** How long a lease lasts, by this process's steady clock. */
export interface LeaseTerm {
  /** Reading at which the work begins to stop. */
  readonly until: number;
  /** After that, the time within which nothing of it may run any more. */
  readonly stopWithinMs: number;
}

/** The rest of the delegate, as the connection sees it. */
export interface ConnectionOwner {
  /** Leases this process holds or has an unacknowledged result for. */
  held(): HeldLease[];
  runningTasks(): number;
  connected(welcome: Welcome): void;
  /** The service has extended these leases. */
  renewed(leases: readonly HeldLease[], term: LeaseTerm): void;
  /** The service closed the connection over a frame it found too large. */
  tooLarge(): void;
  received(message: Exclude<ServerMessage, Welcome | Challenge>): void;
}

const HANDSHAKE_MS = 10_000;
/** The service pings every 15 s; three missed ones mean that nobody is there. */
const SILENCE_MS = 45_000;
/** RFC 6455's code for it. */
const FRAME_TOO_LARGE = 1009;
const REFUSED: readonly number[] = [CLOSE_CODES.UNAUTHORISED, CLOSE_CODES.TOKEN_REVOKED, CLOSE_CODES.PROTOCOL_VERSION];

/**
 * The delegate's only line to the control plane: one outbound WebSocket, opened again for ever, with heartbeats while it is open.
 * Nothing is queued here: what must not be lost is repeated by whoever sent it, when `connected` is called again.
 */
@Injectable()
export class ServiceConnection {
  private socket: WebSocket | undefined;
  private owner: ConnectionOwner | undefined;
  private isWelcome = false;
  private isClosed = false;
  private attempt = 0;
  private leaseMs = Infinity;
  private fenceMs = 0;
  /** Renewals asked for on this connection and not answered, by message id. */
  private readonly asked = new Map<string, { readonly sentAt: number; readonly held: readonly HeldLease[] }>();
  private retry: NodeJS.Timeout | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(INSTANCE_ID) private readonly instanceId: string,
    @Inject(KEY_PAIR) private readonly keyPair: SealingKeyPair,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  get isConnected(): boolean {
    return this.isWelcome;
  }

  start(owner: ConnectionOwner): void {
    this.owner = owner;
    void this.connect();
  }

  /** @returns false when there is no connection: repeat it when `connected` is called */
  send(message: Sent): boolean {
    if (!this.isWelcome || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.write(this.socket, message);
    return true;
  }

  /**
   * The term of a lease of `leaseMs` whose renewal was sent at `sentAt`. The service gives it from the arrival of the message on, so it never takes
   * the task away before this term and its stop are over. A service that leaves no time for the stop gets it out of the lease itself.
   */
  termOf(sentAt: number, leaseMs: number): LeaseTerm {
    if (this.fenceMs > 0) return { until: sentAt + leaseMs, stopWithinMs: this.fenceMs };
    return { until: sentAt + leaseMs / 2, stopWithinMs: leaseMs / 2 };
  }

  /** Closes for good. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    const { socket } = this;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), 1_000);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(1000, 'the delegate ends');
    });
  }

  private async connect(): Promise<void> {
    let token: string;
    try {
      // Read each time: a token that was revoked is replaced in its file, without a restart.
      token = await readToken(this.config.tokenFile);
    } catch (cause) {
      this.log.error({ error: messageOf(cause) }, 'the delegate token cannot be read');
      return this.connectAgain();
    }
    if (this.isClosed) return;
    const socket = new WebSocket(`${this.config.serviceUrl}${DELEGATE_PATH}`, SUBPROTOCOL, {
      headers: { authorization: `Delegate ${token}`, [INSTANCE_HEADER]: this.instanceId },
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    });
    this.socket = socket;
    socket.on('open', () => this.hello(socket));
    socket.on('message', (data) => this.receive(socket, data));
    socket.on('ping', () => this.heard(socket));
    socket.on(
      'error',
      (cause) =>
        this.attempt <= 1 &&
        this.log.warn({ error: cause.message }, 'the delegate service cannot be reached; trying again'),
    );
    socket.on('close', (code, reason) => this.lost(socket, code, reason.toString()));
  }

  private hello(socket: WebSocket): void {
    this.heard(socket);
    this.asked.clear();
    this.askToRenew(socket, {
      type: 'hello',
      protocol: { min: PROTOCOL_VERSION, max: KEY_PROOF_VERSION },
      instanceId: this.instanceId,
      name: this.config.name,
      hostName: this.config.hostName,
      version: '0.1.0',
      tags: [...this.config.tags],
      taskKinds: [...TASK_KINDS],
      maxConcurrentTasks: this.config.maxTasks,
      publicKey: this.keyPair.publicKey,
      held: this.owner?.held() ?? [],
    });
  }

  private receive(socket: WebSocket, data: RawData): void {
    if (socket !== this.socket) return;
    this.heard(socket);
    const parsed = serverMessage.safeParse(parseJson(data.toString()));
    if (!parsed.success)
      return this.log.warn(
        { issue: parsed.error.issues[0]?.message },
        'a message of the delegate service was not understood',
      );
    const message = parsed.data;
    if (message.type === 'challenge') return void this.prove(socket, message);
    if (message.type === 'heartbeatAck') this.renewed(message);
    if (message.type !== 'welcome') return this.owner?.received(message);
    this.isWelcome = true;
    this.attempt = 0;
    this.leaseMs = message.leaseMs;
    this.fenceMs = message.fenceMs;
    this.renewed(message);
    this.log.info(
      {
        delegateId: message.delegateId,
        heartbeatMs: message.heartbeatMs,
        leaseMs: message.leaseMs,
        fenceMs: message.fenceMs,
      },
      'connected to the delegate service',
    );
    this.beat(socket, message.heartbeatMs);
    this.owner?.connected(message);
  }

  private renewed({ replyTo, lost }: Pick<Welcome, 'replyTo' | 'lost'>): void {
    const renewal = replyTo === undefined ? undefined : this.asked.get(replyTo);
    if (!renewal || replyTo === undefined) return;
    this.asked.delete(replyTo);
    const isLost = ({ taskId, epoch }: HeldLease): boolean =>
      lost.some((one) => one.taskId === taskId && one.epoch === epoch);
    this.owner?.renewed(
      renewal.held.filter((lease) => !isLost(lease)),
      this.termOf(renewal.sentAt, this.leaseMs),
    );
  }

  /** Shows that this process holds the key it named: only then its row and its leases are its own again. */
  private async prove(socket: WebSocket, { id, sealed }: Challenge): Promise<void> {
    try {
      this.write(socket, {
        type: 'proof',
        replyTo: id,
        nonce: await open(this.keyPair, sealed, keyProofContext(this.instanceId)),
      });
    } catch (cause) {
      this.log.error({ error: messageOf(cause) }, 'the challenge of the delegate service cannot be opened');
      socket.close(CLOSE_CODES.BAD_MESSAGE, 'the challenge cannot be opened');
    }
  }

  private beat(socket: WebSocket, intervalMs: number): void {
    this.heartbeat = setTimeout(() => {
      if (socket !== this.socket) return;
      if (this.isWelcome && socket.readyState === WebSocket.OPEN)
        this.askToRenew(socket, {
          type: 'heartbeat',
          held: this.owner?.held() ?? [],
          runningTasks: this.owner?.runningTasks() ?? 0,
          sentAt: Date.now(),
        });
      this.beat(socket, intervalMs);
    }, heartbeatPauseMs(intervalMs));
  }

  private heard(socket: WebSocket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => socket.terminate(), SILENCE_MS);
  }

  private lost(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.socket) return;
    clearTimeout(this.heartbeat);
    clearTimeout(this.silence);
    if (this.isWelcome && !this.isClosed)
      this.log.warn({ code, reason }, 'the connection to the delegate service is lost');
    if (REFUSED.includes(code)) {
      this.log.error({ code, reason }, 'the delegate service refuses this delegate');
      // Somebody has to mend this; asking every second does not help.
      this.attempt = Math.max(this.attempt, 5);
    }
    if (code === FRAME_TOO_LARGE) this.owner?.tooLarge();
    this.isWelcome = false;
    this.socket = undefined;
    this.connectAgain();
  }

  private connectAgain(): void {
    if (this.isClosed) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(
      () => void this.connect(),
      reconnectMs(this.attempt, this.owner?.held().length ? this.leaseMs / 2 : undefined),
    );
    this.attempt += 1;
  }

  private askToRenew(socket: WebSocket, message: Extract<Sent, { type: 'hello' | 'heartbeat' }>): void {
    const id = newId();
    this.asked.set(id, { sentAt: steadyNow(), held: message.held });
    this.write(socket, { ...message, id });
  }

  private write(socket: WebSocket, message: Sent): void {
    socket.send(JSON.stringify({ v: PROTOCOL_VERSION, id: newId(), ...storable(message) }));
  }
}

/** Plain, however it is written in the file. @throws Error naming the file, never what is in it */
async function readToken(file: string): Promise<string> {
  const token = parseDelegateToken(await readFile(file, 'utf8'));
  if (token) return formatDelegateToken(token);
  throw new Error(`${file} does not hold a delegate token: <token id>.<secret>, plain or in base64`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
