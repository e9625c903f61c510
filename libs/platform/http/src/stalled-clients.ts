import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Cuts clients that take nothing of their answer for `ms`. Without that, an answer whose client does not read is kept, with all that it holds, for as long
 * as the client likes: TCP itself never gives up on a peer that is there. An answer that is still being worked on is waited for. Call before the server listens.
 */
export function cutStalledClients(server: Server, ms: number): void {
  const answers = new WeakMap<Socket, ServerResponse>();
  server.on('request', ({ socket }: IncomingMessage, answer: ServerResponse) => void answers.set(socket, answer));
  // Node tells of a socket on which nothing moved in either direction for so long; a connection without a request would be closed by it, were it not for this listener.
  server.setTimeout(ms, (socket: Socket) => {
    const answer = answers.get(socket);
    const isAwaited =
      answer !== undefined && !answer.writableFinished && !answer.destroyed && socket.writableLength === 0;
    if (!isAwaited) socket.destroy();
  });
}
