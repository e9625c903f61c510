import 'reflect-metadata';
import { createInterface } from 'node:readline';
import { messageOf } from '@sluice/kernel';
import { PROCESS_STATES, stepRunnerIdentity } from '@sluice/runner-rpc';
import { Tracing, createLogger } from '@sluice/telemetry';
import { bootstrap } from './bootstrap.js';
import { identityFromEnvironment, parseEngineConfig } from './config.js';
import { prepareEngine } from './engine/engine-home.js';
import { EngineProcess } from './engine/engine-process.js';

const ABANDON_GRACE_MS = 5_000;
const isParked = process.argv.includes('--parked');
const logger = createLogger('step-runner');
const tracing = Tracing.create('step-runner');

try {
  const config = parseEngineConfig(process.env);
  const home = await prepareEngine(config.directory, (text) => logger.info(text));
  const engine = EngineProcess.start(home, { heapMb: config.heapMb, warmUp: true });
  const owner = isParked ? parkedOwner() : undefined;
  if (owner) await engine.ready;
  if (owner) console.log(PROCESS_STATES.parked);
  const identity = owner ? stepRunnerIdentity.parse(JSON.parse(await owner.identity)) : identityFromEnvironment(process.env);
  const { app, steps } = await bootstrap({ identity, run: { engine, tracing, allowShellCommands: config.allowShellCommands }, logger });
  console.log(PROCESS_STATES.listening);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void steps.abandon(ABANDON_GRACE_MS));
  void owner?.gone.then(() => steps.orphan(ABANDON_GRACE_MS));
  await steps.done;
  await engine.kill();
  await Promise.all([app.close(), tracing.close()]);
  process.exit(0);
} catch (cause) {
  logger.error(messageOf(cause));
  process.exit(1);
}

/** Whoever parked this process speaks through its standard input: one line that says who it is, and the end, which means nobody needs it. */
function parkedOwner(): { readonly identity: Promise<string>; readonly gone: Promise<void> } {
  const lines = createInterface({ input: process.stdin });
  const gone = new Promise<void>((resolve) => lines.once('close', resolve));
  const identity = new Promise<string>((resolve) => {
    lines.once('line', resolve);
    void gone.then(() => {
      if (!isIdentified) process.exit(0);
    });
  });
  let isIdentified = false;
  void identity.then(() => (isIdentified = true));
  return { identity, gone };
}
