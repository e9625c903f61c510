import { DELEGATE_PATH, INSTANCE_HEADER, SUBPROTOCOL } from '@sluice/delegate-protocol';
import { WebSocket, WebSocketServer, type RawData } from 'ws';

/** A way to the delegate service that takes shorter frames than it: a longer one closes the connection with 1009, as a proxy or an earlier service does. */
export class NarrowWay {
  /** How many connections were opened so far. */
  connections = 0;

  private constructor(
    private readonly server: WebSocketServer,
    private readonly target: string,
  ) {
    server.on('connection', (socket, { headers }) => {
      this.connections += 1;
      this.join(socket, {
        authorization: headers.authorization ?? '',
        [INSTANCE_HEADER]: String(headers[INSTANCE_HEADER]),
      });
    });
  }

  /** @param maxBytes of a frame */
  static async start(target: string, port: number, maxBytes: number): Promise<NarrowWay> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port,
      maxPayload: maxBytes,
      handleProtocols: () => SUBPROTOCOL,
    });
    await new Promise((resolve) => server.once('listening', resolve));
    return new NarrowWay(server, target);
  }

  async stop(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(socket: WebSocket, headers: Record<string, string>): void {
    const beyond = new WebSocket(`${this.target}${DELEGATE_PATH}`, SUBPROTOCOL, { headers });
    const isOpen = new Promise((resolve) => beyond.once('open', resolve));
    socket.on('message', (data: RawData) => void isOpen.then(() => beyond.send(data.toString())));
    beyond.on('message', (data: RawData) => socket.send(data.toString()));
    socket.on('error', () => beyond.terminate());
    beyond.on('error', () => socket.terminate());
    socket.on('close', () => beyond.terminate());
    beyond.on('close', () => socket.close());
  }
}
