import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import type { World } from './pipeline-under-test.js';

const root = resolve(import.meta.dirname, '../../../..');
const BUILT = [
  'libs/kernel',
  'libs/contracts/api-conventions',
  'libs/contracts/delegate-protocol',
  'libs/contracts/delegate-rpc',
  'libs/contracts/log-api',
  'libs/contracts/ng-manager-api',
  'libs/contracts/pipeline-api',
  'libs/platform/config',
  'libs/platform/grpc',
  'libs/platform/http',
  'libs/platform/audit-outbox',
  'libs/platform/persistence',
  'libs/platform/service-identity',
  'libs/platform/telemetry',
  'libs/domain/pipeline-engine',
  'libs/domain/step-types',
  'apps/pipeline',
];

/** The service in a process of its own, built, as in production: it can be killed. */
export class PipelineProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly world: World) {}

  /** Builds what the process runs. */
  static build(): void {
    const built = spawnSync(process.execPath, ['tools/build.mjs', ...BUILT], { cwd: root, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
  }

  /** @param over environment that differs from the world's @returns its URL */
  async start(over: Record<string, string> = {}): Promise<string> {
    const started = spawn(process.execPath, ['--enable-source-maps', 'apps/pipeline/dist/main.js'], {
      cwd: root,
      env: { PATH: process.env['PATH'], ...this.world.env, ...over },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = started;
    let complaints = '';
    started.stderr?.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-4_000)));
    const lines = createInterface({ input: started.stdout });
    return new Promise<string>((done, fail) => {
      lines.on('line', (line) => line.startsWith('{"ready":true') && done((JSON.parse(line) as { url: string }).url));
      started.once('exit', (code) => fail(new Error(`the service ended with ${String(code)}: ${complaints}`)));
    });
  }

  /** @returns its exit code, null when a signal ended it or it did not run */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const running = this.child;
    this.child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return null;
    return new Promise((done) => {
      running.once('exit', (code) => done(code));
      running.kill(signal);
    });
  }
}
