import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes logs as the log service does, and remembers their text by key. */
export class LogSink {
  private readonly texts = new Map<string, string[]>();
  private readonly server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://logs');
    const key = url.searchParams.get('key') ?? '';
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const lines = this.texts.get(key) ?? [];
      this.texts.set(key, lines);
      if (request.method === 'PUT')
        lines.push(
          ...(JSON.parse(Buffer.concat(chunks).toString()) as { out: string }[]).map(({ out }) => out.trimEnd()),
        );
      response.writeHead(204).end();
    });
  });

  static async start(): Promise<LogSink> {
    const made = new LogSink();
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  linesOf(key: string): readonly string[] {
    return this.texts.get(key) ?? [];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
