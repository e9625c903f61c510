import type { Socket } from 'node:net';

const MOST_BYTES = 64 * 1024;

/** Packets of the MySQL protocol on a socket: three bytes of length, one of sequence, then the payload. */
export class PacketStream {
  private buffer = Buffer.alloc(0);
  private sequence = 0;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    this.attach(socket);
  }

  /** Reads from and writes to this socket from now on. */
  attach(socket: Socket): void {
    this.socket = socket;
    socket.on('data', this.onData);
    socket.on('error', this.onError);
    socket.on('close', this.onClose);
  }

  /** Leaves the socket to somebody else (TLS). */
  detach(): void {
    this.socket.off('data', this.onData);
    this.socket.off('close', this.onClose);
    this.socket.pause();
  }

  /** Begins a new exchange: both sides count its packets from zero. */
  begin(payload: Buffer): void {
    this.sequence = 0;
    this.send(payload);
  }

  send(payload: Buffer): void {
    const head = Buffer.alloc(4);
    head.writeUIntLE(payload.length, 0, 3);
    head.writeUInt8(this.sequence, 3);
    this.sequence = (this.sequence + 1) % 256;
    this.socket.write(Buffer.concat([head, payload]));
  }

  /** @throws Error when the connection ends before a packet is there */
  async next(): Promise<Buffer> {
    for (;;) {
      const length = this.buffer.length >= 4 ? this.buffer.readUIntLE(0, 3) : undefined;
      if (length !== undefined && length > MOST_BYTES)
        throw new Error('the server answers with a larger packet than any that was asked for');
      if (length !== undefined && this.buffer.length >= 4 + length) {
        this.sequence = ((this.buffer[3] ?? 0) + 1) % 256;
        const payload = this.buffer.subarray(4, 4 + length);
        this.buffer = this.buffer.subarray(4 + length);
        return payload;
      }
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    this.wake?.();
  };

  private readonly onError = (cause: Error): void => {
    this.failure ??= cause;
    this.wake?.();
  };

  private readonly onClose = (): void => this.onError(new Error('the server closed the connection'));
}
