import { CLOSE_CODES, PROTOCOL_VERSION, delegateMessage, type DelegateMessage } from '@sluice/delegate-protocol';
import { LIMITS, newId, storable } from '@sluice/kernel';
import type { RawData, WebSocket } from 'ws';
import type { Outgoing } from './connection-registry.js';
import type { UnhandledBytes } from './unhandled-bytes.js';

export interface SocketHandlers {
  readonly message: (message: DelegateMessage) => Promise<void>;
  readonly closed: (code: number) => void;
}

/** Messages of one socket that are worked on at the same time, and their bytes; more wait in the kernel's buffers. One message is always taken, however large. */
const MAX_IN_FLIGHT = { messages: 32, bytes: 4 * 1024 * 1024 } as const;
/** Nothing more is read from a delegate that has so many bytes of answers to take. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MISSED_PONGS = 2;
/** A message that has begun is to grow by this much from ping to ping; after so many pings without it the socket is cut. What a pong takes is less. */
const PROGRESS = { bytes: 1024, pings: 4 } as const;
/** A WebSocket close reason has at most 123 bytes. */
const MAX_REASON = 120;

/** One WebSocket with frames as typed messages, liveness by protocol pings, and bounded work in both directions. */
export class DelegateSocket {
  private readonly inFlight = { messages: 0, bytes: 0 };
  private unanswered = 0;
  /** Of the message that has begun to come and is not whole yet. */
  private unfinished = 0;
  private atLastPing = 0;
  private pingsWithoutProgress = 0;
  /** The piece of the stream that is being read has ended a message; what follows it there is not counted. */
  private hasEnded = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly handlers: SocketHandlers,
    private readonly unhandled: UnhandledBytes,
  ) {
    unhandled.stream.on('data', (piece: Buffer) => this.grow(piece.length));
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    socket.on('pong', () => (this.unanswered = 0));
    socket.on('close', (code) => {
      this.finish();
      this.handlers.closed(code);
    });
    socket.on('error', () => this.socket.terminate());
  }

  send(message: Outgoing): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > LIMITS.socketBacklogBytes) {
      this.socket.terminate();
      return;
    }
    this.socket.send(JSON.stringify({ v: PROTOCOL_VERSION, id: newId(), ...message }), () => this.pace());
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason.slice(0, MAX_REASON));
  }

  /** Called every ping interval. A socket that left two pings unanswered is cut: TCP alone would not notice for hours. So is one that began a message and does not go on with it. */
  ping(): void {
    if (this.unanswered >= MISSED_PONGS || this.isStuck()) {
      this.socket.terminate();
      return;
    }
    this.unanswered += 1;
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  private grow(bytes: number): void {
    if (this.hasEnded) {
      this.hasEnded = false;
      return;
    }
    this.unfinished += bytes;
    this.unhandled.add(bytes);
  }

  private finish(): void {
    this.hasEnded = true;
    this.unhandled.add(-this.unfinished);
    this.unfinished = 0;
    this.atLastPing = 0;
  }

  /** While nothing is read from it, it cannot go on. */
  private isStuck(): boolean {
    const isWaiting = this.unfinished > PROGRESS.bytes && this.unfinished - this.atLastPing < PROGRESS.bytes && !this.socket.isPaused;
    this.pingsWithoutProgress = isWaiting ? this.pingsWithoutProgress + 1 : 0;
    this.atLastPing = this.unfinished;
    return this.pingsWithoutProgress >= PROGRESS.pings;
  }

  private receive(data: RawData, isBinary: boolean): void {
    this.finish();
    const message = isBinary ? undefined : parse(data);
    if (typeof message !== 'object') {
      this.close(CLOSE_CODES.BAD_MESSAGE, message ?? 'binary frames are not part of this protocol');
      return;
    }
    const bytes = sizeOf(data);
    this.count(1, bytes);
    void this.handlers.message(message).finally(() => this.count(-1, -bytes));
  }

  private count(messages: number, bytes: number): void {
    this.inFlight.messages += messages;
    this.inFlight.bytes += bytes;
    this.unhandled.add(bytes);
    this.pace();
  }

  /** Reads on only while there is room for what comes, and for the answers to it. */
  private pace(): void {
    const { messages, bytes } = this.inFlight;
    if (messages >= MAX_IN_FLIGHT.messages || bytes >= MAX_IN_FLIGHT.bytes || this.socket.bufferedAmount >= MAX_UNREAD_BYTES) this.socket.pause();
    else this.socket.resume();
  }
}

function sizeOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength;
}

/** The message with every text in it storable, or what is wrong with it. */
function parse(data: RawData): DelegateMessage | string {
  try {
    const parsed = delegateMessage.safeParse(storable<unknown>(JSON.parse(data.toString())));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return `bad message: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  } catch {
    return 'bad message: not JSON';
  }
}
