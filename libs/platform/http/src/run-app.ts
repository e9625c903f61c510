import { messageOf } from '@sluice/kernel';
import type { RunningApp } from './http-app.js';

/**
 * The life of a process that is one app: `{"ready":true,"url":…}` on stdout when it is up, an orderly end on SIGTERM or SIGINT however often they come,
 * and one clear line with exit code 1 when it cannot start or stop.
 */
export async function runApp(name: string, bootstrap: (env: NodeJS.ProcessEnv) => Promise<RunningApp>): Promise<void> {
  const fail = (what: string, cause: unknown): never => {
    process.stderr.write(`${name} cannot ${what}: ${messageOf(cause)}\n`);
    process.exit(1);
  };
  const app = await bootstrap(process.env).catch((cause: unknown) => fail('start', cause));
  process.stdout.write(`${JSON.stringify({ ready: true, ...app })}\n`);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    app.close().then(
      () => process.exit(0),
      (cause: unknown) => fail('stop', cause),
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}
