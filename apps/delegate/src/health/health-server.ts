import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type DelegateConfig } from '../config.js';
import { ServiceConnection } from '../connection/service-connection.js';

/** For probes of whoever runs the delegate: alive as long as it answers, ready while it is connected. Nobody else has business here. */
@Injectable()
export class HealthServer {
  private server: Server | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    private readonly connection: ServiceConnection,
  ) {}

  /** @returns its URL, or undefined when no port is configured */
  async listen(): Promise<string | undefined> {
    const { health } = this.config;
    if (!health) return undefined;
    const server = createServer((request, response) => {
      const path = request.url?.split('?', 1)[0];
      const isReady = this.connection.isConnected;
      const [status, body] =
        path === '/health/live'
          ? [200, { status: 'up' }]
          : path === '/health/ready'
            ? [isReady ? 200 : 503, { status: isReady ? 'ready' : 'notConnected' }]
            : [404, { status: 'notFound' }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    server.requestTimeout = 5_000;
    this.server = server;
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(health.port, health.host, resolve),
    );
    return `http://${health.host}:${(server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
