import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO_LIMITS, PROTOCOL_VERSION } from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { WebSocket, WebSocketServer } from 'ws';
import { DelegateSocket } from './delegate-socket.js';
import { BytesOfAccounts } from './unhandled-bytes.js';

const MESSAGES = 2_000;
const ANSWER = 'x'.repeat(64 * 1024);
/** Large, so that few of them come in one piece from the system. */
const message = (): string =>
  JSON.stringify({
    v: PROTOCOL_VERSION,
    id: newId(),
    type: 'hello',
    protocol: { min: 1, max: 1 },
    instanceId: 'i',
    name: 'n',
    hostName: 'h',
    version: '0',
    tags: Array.from({ length: HELLO_LIMITS.tags }, () => 't'.repeat(HELLO_LIMITS.tag)),
    taskKinds: [],
    maxConcurrentTasks: 1,
    publicKey: 'k',
    held: [],
  });

describe('a socket of a delegate', () => {
  const cleanUp: (() => void)[] = [];
  afterEach(() =>
    cleanUp
      .splice(0)
      .reverse()
      .forEach((undo) => undo()),
  );

  /** Both ends of a connection; the work on a message is up to the spec. */
  const pair = async (
    work: (socket: DelegateSocket) => Promise<void>,
    options: { autoPong?: boolean; accounts?: BytesOfAccounts } = {},
  ): Promise<{ near: WebSocket; far: WebSocket; socket: DelegateSocket; stream: Socket; wire: Socket }> => {
    const server = createServer();
    const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUp.push(() => server.close());
    const accounts = options.accounts ?? new BytesOfAccounts(Number.MAX_SAFE_INTEGER);
    const accepted = new Promise<{ near: WebSocket; socket: DelegateSocket; stream: Socket }>((resolve) =>
      webSockets.once('connection', (near, request) => {
        const socket: DelegateSocket = new DelegateSocket(
          near,
          { message: () => work(socket), closed: () => undefined },
          accounts.of('a', request.socket, () => near.terminate()),
        );
        resolve({ near, socket, stream: request.socket });
      }),
    );
    const { port } = server.address() as AddressInfo;
    const wire = connect(port, '127.0.0.1');
    const far = new WebSocket(`ws://127.0.0.1:${port}`, {
      createConnection: () => wire,
      perMessageDeflate: false,
      autoPong: options.autoPong ?? true,
    });
    cleanUp.push(() => far.terminate());
    await new Promise((resolve) => far.once('open', resolve));
    return { ...(await accepted), far, wire };
  };

  it('is not read on while its delegate takes none of its answers, and is read to the end once it does', async () => {
    let handled = 0;
    let answered = 0;
    const { near, far } = await pair(async (socket) => {
      handled += 1;
      socket.send({ type: 'error', code: 'SPEC', message: ANSWER });
    });
    far.on('message', () => (answered += 1));
    far.pause();
    for (let at = 0; at < MESSAGES; at += 1) far.send(message());
    await waitFor(() => near.isPaused, { timeoutMs: 60_000, what: 'the socket no longer read' });
    expect(near.bufferedAmount).toBeLessThan(8 * 1024 * 1024);
    expect(handled).toBeLessThan(MESSAGES);
    far.resume();
    await waitFor(() => answered === MESSAGES, { timeoutMs: 120_000, what: 'every message answered' });
  }, 300_000);

  it('is cut when a message that has begun does not go on, and kept while it does', async () => {
    const { near, far, socket } = await pair(() => Promise.resolve());
    const pong = (): Promise<unknown> => new Promise((resolve) => near.once('pong', resolve));
    const ping = async (piece: string): Promise<void> => {
      if (piece !== '') far.send(piece, { fin: false });
      const answered = pong();
      socket.ping();
      await answered;
    };
    for (let at = 0; at < 8; at += 1) await ping('x'.repeat(4_000));
    for (let at = 0; at < 4; at += 1) {
      expect(near.readyState).toBe(near.OPEN);
      await ping('');
    }
    socket.ping();
    await waitFor(() => near.readyState === near.CLOSED, { timeoutMs: 60_000, what: 'the socket cut' });
  }, 180_000);

  const closed = (near: WebSocket): Promise<unknown> =>
    waitFor(() => near.readyState === near.CLOSED, { timeoutMs: 60_000, what: 'the socket cut' });

  it.each([
    ['goes on', 4_000, 8],
    ['dribbles', 100, 2],
  ])(
    'answers no pings behind a message that is under way: one whose message %s by %d bytes a ping is kept for %d pings',
    async (_, bytes, kept) => {
      const { near, far, socket, stream } = await pair(() => Promise.resolve(), { autoPong: false });
      for (let at = 0; at < kept; at += 1) {
        const due = stream.bytesRead + bytes;
        far.send('x'.repeat(bytes), { fin: false });
        await waitFor(() => stream.bytesRead >= due, { timeoutMs: 60_000, what: 'the piece read' });
        socket.ping();
        expect(near.readyState).toBe(near.OPEN);
      }
      for (let at = 0; at < 3; at += 1) socket.ping();
      await closed(near);
    },
    180_000,
  );

  it('loses no connection to pings while the service does not read because of its own work', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { near, far, socket } = await pair(() => released, { autoPong: false });
    far.send(message().replace('"n"', `"n","unknown":"${'x'.repeat(5 * 1024 * 1024)}"`));
    await waitFor(() => near.isPaused, { timeoutMs: 60_000, what: 'the message taken' });
    for (let at = 0; at < 8; at += 1) socket.ping();
    expect(near.readyState).toBe(near.OPEN);
    release();
    await waitFor(() => !near.isPaused, { timeoutMs: 60_000, what: 'the message handled' });
    for (let at = 0; at < 4; at += 1) socket.ping();
    await closed(near);
  }, 180_000);

  it('is cut when it takes no answers and answers no pings', async () => {
    const { near, far, socket } = await pair((one) =>
      Promise.resolve(one.send({ type: 'error', code: 'SPEC', message: ANSWER })),
    );
    far.pause();
    for (let at = 0; at < MESSAGES; at += 1) far.send(message());
    await waitFor(() => near.isPaused, { timeoutMs: 60_000, what: 'the socket no longer read' });
    await waitFor(
      () => {
        socket.ping();
        return near.readyState === near.CLOSED;
      },
      { timeoutMs: 60_000, what: 'the socket cut' },
    );
  }, 180_000);

  it('counts against its account also what comes in one piece with the end of a message', async () => {
    const [whole, begun] = [message(), 'x'.repeat(40 * 1024)];
    /** Whether both came in one piece; the kernel may cut them apart. */
    const attempt = async (): Promise<boolean> => {
      const accounts = new BytesOfAccounts(100 * 1024);
      let handled = 0;
      let largest = 0;
      const { far, stream, wire } = await pair(() => Promise.resolve(void (handled += 1)), { accounts });
      stream.on('data', (piece: Buffer) => (largest = Math.max(largest, piece.length)));
      const due = stream.bytesRead + whole.length + begun.length;
      wire.cork();
      far.send(whole);
      far.send(begun, { fin: false });
      wire.uncork();
      await waitFor(() => handled === 1 && stream.bytesRead >= due, { timeoutMs: 60_000, what: 'all of it read' });
      let isCut = false;
      accounts.of('a', Readable.from([]), () => (isCut = true)).coming(80 * 1024);
      expect(isCut).toBe(true);
      return largest >= whole.length + begun.length;
    };
    await waitFor(attempt, { timeoutMs: 120_000, what: 'both in one piece' });
  }, 180_000);

  it('counts nothing any more when every message has been handled', async () => {
    const accounts = new BytesOfAccounts(1);
    let handled = 0;
    const { near, far } = await pair(() => Promise.resolve(void (handled += 1)), { accounts });
    for (const bytes of [100, 4_000, 100_000]) {
      far.send(message().replace('"n"', `"n","unknown":"${'x'.repeat(bytes)}"`));
      far.ping('x');
      far.pong('x'.repeat(125));
    }
    await waitFor(() => handled === 3, { timeoutMs: 60_000, what: 'every message handled' });
    let isPinged = false;
    near.on('ping', (data) => (isPinged ||= data.toString() === 'end'));
    far.ping('end');
    await waitFor(() => isPinged, { timeoutMs: 60_000, what: 'everything read' });
    let isCut = false;
    accounts.of('a', Readable.from([]), () => (isCut = true)).coming(2);
    expect([isCut, near.readyState]).toEqual([false, near.OPEN]);
  }, 180_000);

  it('is not read on while much of what it sent is worked on', async () => {
    let handled = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { near, far } = await pair(async () => {
      handled += 1;
      await released;
    });
    const large = message().replace('"n"', `"n","unknown":"${'x'.repeat(3 * 1024 * 1024)}"`);
    for (let at = 0; at < 8; at += 1) far.send(large);
    await waitFor(() => near.isPaused && handled === 2, { timeoutMs: 60_000, what: 'two messages taken' });
    release();
    await waitFor(() => handled === 8 && !near.isPaused, { timeoutMs: 60_000, what: 'every message taken' });
  }, 300_000);
});
