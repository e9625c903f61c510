import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where the customer's database was reached before its port moved below the range of outgoing connections. */
export const EARLIER_CUSTOMER_PORT = 55433;

/**
 * Passes connections to `from` on to `to`, both on 127.0.0.1, so that connectors stored with the earlier port go on working.
 * When another program has that port, nothing is passed on: the port is a courtesy, not a need. Answers what ends it.
 */
export async function passOn(from: number, to: number): Promise<() => Promise<void>> {
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect({ host: '127.0.0.1', port: to });
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  if (!(await listens(server, from))) return () => Promise.resolve();
  return async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => resolve(true));
  });
}
