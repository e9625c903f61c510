import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { main } from '../main.js';

/** A gateway that answers what it is told, and commands run against it. */
export class AnsweringGateway {
  /** Data by `METHOD address` below `/gateway/ng/api`; everything else is forbidden. */
  answers: Record<string, unknown> = {};
  /** What does not exist, named as in {@link answers}. */
  readonly absent = new Set<string>();
  private readonly server: Server = createServer((request, response) => {
    const asked = `${request.method ?? ''} ${(request.url ?? '').replace('/gateway/ng/api', '')}`;
    const data = this.answers[asked];
    if (this.absent.has(asked))
      return void response
        .writeHead(404, { 'content-type': 'application/json' })
        .end(JSON.stringify({ message: 'it does not exist', code: 'RESOURCE_NOT_FOUND_EXCEPTION' }));
    response
      .writeHead(data ? 200 : 403, { 'content-type': 'application/json' })
      .end(JSON.stringify(data ? { data } : { message: 'Ann lacks the right', code: 'ACCESS_DENIED' }));
  });

  start(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.server.close(resolve));
  }

  async run(...args: string[]): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const lines: string[] = [];
    const { port } = this.server.address() as AddressInfo;
    const env = { SLUICE_URL: `http://127.0.0.1:${port}`, SLUICE_API_KEY: 'pat.ACC.id.secret' };
    const say = (line: string): void => void lines.push(line);
    return {
      code: await main({
        args,
        env,
        print: say,
        complain: say,
        signal: new AbortController().signal,
        defaultDataDir: '/nonexistent',
      }),
      lines,
    };
  }
}
