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
/** So much from ping to ping is life, also without a pong: a pong waits behind the message that is under way. A message that has begun is to grow by it; after so many pings without it the socket is cut. What a pong takes is less. */
const PROGRESS = { bytes: 1024, pings: 4 } as const;
/** A WebSocket close reason has at most 123 bytes. */
const MAX_REASON = 120;

/** What stands before the payload of a frame of a client: two bytes, the mask, and the length where two bytes do not hold it. */
const FRAME_HEAD = { least: 6, medium: { from: 126, bytes: 8 }, large: { from: 65_536, bytes: 14 } } as const;

/** One WebSocket with frames as typed messages, liveness by protocol pings, and bounded work in both directions. */
export class DelegateSocket {
  private readonly inFlight = { messages: 0, bytes: 0 };
  private unanswered = 0;
  /** Read since the last ping. */
  private read = 0;
  /** Nothing was read for a time since the last ping, because of work that the service has not done. */
  private wasBusy = false;
  /** Of the piece of the stream that is being read. */
  private piece = 0;
  /** Of the message that has begun to come and is not whole yet. */
  private unfinished = 0;
  /** What of it came in the piece that ended the message before. */
  private began = 0;
  private atLastPing = 0;
  private pingsWithoutProgress = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly handlers: SocketHandlers,
    private readonly unhandled: UnhandledBytes,
  ) {
    // Before the WebSocket reads it: what it makes of a piece is taken off again.
    unhandled.stream.prependListener('data', (piece: Buffer) => this.grow(piece.length));
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    socket.on('ping', (data) => this.control(data));
    socket.on('pong', (data) => {
      this.control(data);
      this.unanswered = 0;
    });
    socket.on('close', (code) => {
      this.finish(this.unfinished);
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
    this.socket.send(JSON.stringify({ v: PROTOCOL_VERSION, id: newId(), ...message }), () => {
      // Nothing is read while answers wait; a delegate that takes them lives.
      if (this.socket.isPaused) this.unanswered = 0;
      this.pace();
    });
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason.slice(0, MAX_REASON));
  }

  /**
   * Called every ping interval. A socket that left two pings unanswered is cut: TCP alone would not notice for hours. So is one that began a message and
   * does not go on with it. A ping does not count while more comes, nor while the service itself does not read because of its own work.
   */
  ping(): void {
    const { wasBusy } = this;
    if (this.read >= PROGRESS.bytes) this.unanswered = 0;
    this.read = 0;
    this.wasBusy = this.isBusy();
    if (this.unanswered >= MISSED_PONGS || this.isStuck(wasBusy)) {
      this.socket.terminate();
      return;
    }
    if (!this.wasBusy && !wasBusy) this.unanswered += 1;
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  private grow(bytes: number): void {
    this.piece = bytes;
    this.read += bytes;
    this.unfinished += bytes;
    this.unhandled.coming(bytes);
  }

  /** A message has ended in the piece that is read. What follows it there belongs to the next one. */
  private finish(bytes: number): void {
    const rest = Math.max(0, Math.min(this.unfinished - bytes, this.piece));
    this.unhandled.coming(rest - this.unfinished);
    this.unfinished = rest;
    this.began = rest;
    this.atLastPing = rest;
  }

  private control(data: Buffer): void {
    const bytes = Math.min(frameBytes(data.length), this.unfinished);
    this.unfinished -= bytes;
    this.unhandled.coming(-bytes);
  }

  /** While nothing is read from it, it cannot go on. */
  private isStuck(wasBusy: boolean): boolean {
    const isWaiting =
      this.unfinished - this.began > PROGRESS.bytes &&
      this.unfinished - this.atLastPing < PROGRESS.bytes &&
      !this.socket.isPaused &&
      !wasBusy;
    this.pingsWithoutProgress = isWaiting ? this.pingsWithoutProgress + 1 : 0;
    this.atLastPing = this.unfinished;
    return this.pingsWithoutProgress >= PROGRESS.pings;
  }

  private receive(data: RawData, isBinary: boolean): void {
    const bytes = sizeOf(data);
    this.finish(frameBytes(bytes));
    this.unanswered = 0;
    const message = isBinary ? undefined : parse(data);
    if (typeof message !== 'object') {
      this.close(CLOSE_CODES.BAD_MESSAGE, message ?? 'binary frames are not part of this protocol');
      return;
    }
    this.count(1, bytes);
    void this.handlers.message(message).finally(() => this.count(-1, -bytes));
  }

  private count(messages: number, bytes: number): void {
    this.inFlight.messages += messages;
    this.inFlight.bytes += bytes;
    this.unhandled.whole(bytes);
    this.pace();
  }

  /** Reads on only while there is room for what comes, and for the answers to it. */
  private pace(): void {
    const isBusy = this.isBusy();
    if (isBusy) this.wasBusy = true;
    if (isBusy || this.socket.bufferedAmount >= MAX_UNREAD_BYTES) this.socket.pause();
    else this.socket.resume();
  }

  private isBusy(): boolean {
    const { messages, bytes } = this.inFlight;
    return messages >= MAX_IN_FLIGHT.messages || bytes >= MAX_IN_FLIGHT.bytes;
  }
}

/** On the wire. */
function frameBytes(payload: number): number {
  const { least, medium, large } = FRAME_HEAD;
  if (payload >= large.from) return payload + large.bytes;
  return payload + (payload >= medium.from ? medium.bytes : least);
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
