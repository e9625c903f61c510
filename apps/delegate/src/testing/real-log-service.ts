import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/kernel';
import { freePort, startRedis, testIdentities, testUser, type TestIdentities, type TestRedis } from '@sluice/testing';

const main = fileURLToPath(new URL('../../../log-service/dist/main.js', import.meta.url));
const ACCOUNT = 'A1';

/** The built log service in a process of its own, with a real Redis: it can be stopped and started again on the same data. */
export class RealLogService {
  private readonly folder = mkdtempSync(join(tmpdir(), 'sluice-real-logs-'));
  private child: ChildProcess | undefined;

  private constructor(
    private readonly redis: TestRedis,
    private readonly identities: TestIdentities,
    private readonly port: number,
  ) {}

  static async create(): Promise<RealLogService> {
    return new RealLogService(await startRedis(), testIdentities(), await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a pod shows to write below a prefix. */
  async token(keyPrefix: string, seconds = 3_600): Promise<string> {
    const claims = {
      kind: 'log',
      accountId: ACCOUNT,
      keyPrefix,
      rights: ['write'],
      scope: { orgId: 'default', projectId: 'shop' },
    };
    return (await this.identities.of('pipeline')).sign('log+jwt', 'log-service', claims, seconds);
  }

  async up(): Promise<void> {
    const output = openSync(join(this.folder, 'log-service.log'), 'a');
    const child = spawn(process.execPath, [main], {
      stdio: ['ignore', output, output],
      env: {
        PATH: process.env['PATH'],
        LOG_SERVICE_PORT: String(this.port),
        LOG_SERVICE_SERVICE_KEY_FILE: this.identities.keyFile('log-service'),
        SERVICE_KEYS_DIR: this.identities.keysDir,
        LOG_SERVICE_REDIS_URL: this.redis.url,
        LOG_SERVICE_BLOB_DIR: join(this.folder, 'blobs'),
      },
    });
    closeSync(output);
    this.child = child;
    await waitFor(
      async () => {
        if (child.exitCode !== null)
          throw new Error(
            `the log service did not start (is it built? node tools/build.mjs): ${readFileSync(join(this.folder, 'log-service.log'), 'utf8').slice(-2_000)}`,
          );
        return fetch(`${this.url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      { timeoutMs: 240_000, what: 'the log service' },
    );
  }

  async down(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Texts of the lines of a stored log; undefined while there is none. */
  async stored(key: string): Promise<readonly string[] | undefined> {
    const response = await this.ask(`blob?accountID=${ACCOUNT}&key=${key}`);
    if (!response?.ok) return undefined;
    return (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { out: string }).out);
  }

  /** A tail of the live log that has begun; its text is there when the log ends. */
  tail(key: string): Promise<Response> {
    const open = async (): Promise<Response | undefined> => {
      const response = await this.ask(`stream?accountID=${ACCOUNT}&key=${key}`);
      if (response?.ok) return response;
      await response?.body?.cancel();
      return undefined;
    };
    return waitFor(open, { timeoutMs: 120_000, intervalMs: 200, what: `a tail of ${key}` });
  }

  async stop(): Promise<void> {
    await this.down();
    await this.redis.stop();
    this.identities.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ask(path: string): Promise<Response | undefined> {
    return fetch(`${this.url}/log-service/${path}`, {
      headers: await this.identities.headers('log-service', testUser(ACCOUNT)),
    }).catch(() => undefined);
  }
}
