/**
 * The whole control plane in one process: every app keeps its own port and speaks to the others over it, exactly as when apart.
 * Usage: node control-plane.js FILE, where FILE (0600) holds `{ "<app>": { "<VARIABLE>": "<value>" } }`; apps it does not name are left out.
 */
import { readFileSync } from 'node:fs';
import type { RunningApp } from '@sluice/http';
import { messageOf } from '@sluice/kernel';
import { z } from 'zod';
import { CONTROL_PLANE_APPS, type ControlPlaneApp } from './app-environment.js';

type Bootstrap = (env: NodeJS.ProcessEnv) => Promise<RunningApp>;

const CLOSE_WITHIN_MS = 15_000;

const loaders: Readonly<Record<ControlPlaneApp, () => Promise<{ readonly bootstrap: Bootstrap }>>> = {
  scm: () => import('@sluice/scm'),
  'log-service': () => import('@sluice/log-service'),
  dbdevops: () => import('@sluice/dbdevops'),
  'ng-manager': () => import('@sluice/ng-manager'),
  'delegate-service': () => import('@sluice/delegate-service'),
  pipeline: () => import('@sluice/pipeline'),
  gateway: () => import('@sluice/gateway'),
};

const environments = z
  .record(z.string(), z.record(z.string(), z.string()))
  .parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));

async function startApp(app: ControlPlaneApp): Promise<RunningApp> {
  try {
    const { bootstrap } = await loaders[app]();
    return await bootstrap({ ...process.env, ...environments[app] });
  } catch (cause: unknown) {
    throw new Error(`${app} did not start: ${messageOf(cause)}`, { cause });
  }
}

async function closeAll(running: readonly RunningApp[]): Promise<void> {
  // The edge first: nothing new comes in while the rest finishes what it has.
  for (const app of [...running].reverse())
    await app.close().catch((cause: unknown) => console.error(`closing: ${messageOf(cause)}`));
}

const started = await Promise.allSettled(CONTROL_PLANE_APPS.filter((app) => environments[app]).map(startApp));
const running = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
const failures = started.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));

let isClosing = false;
const stop = (exitCode: number): void => {
  if (isClosing) return;
  isClosing = true;
  setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
  void closeAll(running).then(() => process.exit(exitCode));
};

if (failures.length > 0) {
  for (const failure of failures) console.error(failure.stack);
  stop(1);
} else {
  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
}
