import 'reflect-metadata';
import { messageOf } from '@sluice/kernel';
import { PROCESS_STATES, parked, stepRunnerIdentity } from '@sluice/runner-rpc';
import { Tracing, createLogger } from '@sluice/telemetry';
import { bootstrap, rehearseStepRunner } from './bootstrap.js';
import { identityFromEnvironment, parseEngineConfig } from './config.js';
import { prepareEngine } from './engine/engine-home.js';
import { EngineProcess } from './engine/engine-process.js';

const ABANDON_GRACE_MS = 5_000;
const ENDINGS = ['SIGTERM', 'SIGINT'] as const;
const isParked = process.argv.includes('--parked');
const logger = createLogger('step-runner');
const tracing = Tracing.create('step-runner');
let isLeaving = false;

try {
  const config = parseEngineConfig(process.env);
  const home = await prepareEngine(config.directory, (text) => logger.info(text));
  const { heapMb, extensionsDir } = config;
  const engine = EngineProcess.start(home, { heapMb, extensionsDir, warmUp: true });
  // The engine is a process group of its own: nobody else ends it while it warms up.
  const leave = (): void => {
    isLeaving = true;
    void engine.kill().then(() => process.exit(0));
  };
  for (const signal of ENDINGS) process.once(signal, leave);
  // A parked process is only worth something warm; one that has its work waiting warms up while the call comes in.
  const startEngine = (): EngineProcess => EngineProcess.start(home, { heapMb, extensionsDir, warmUp: false });
  const run = {
    engine,
    startEngine,
    tracing,
    allowShellCommands: config.allowShellCommands,
    databaseCertsDir: config.databaseCertsDir,
    recoveryMs: config.recoveryMs,
  };
  if (isParked) await Promise.all([engine.ready, rehearseStepRunner(run, logger)]);
  const owner = isParked ? parked() : undefined;
  // An idle engine may be ended from outside, for example when memory is short. Its process then ends too, and its owner starts another one.
  const identity = owner
    ? await Promise.race([owner.identity((line) => stepRunnerIdentity.parse(line)), engine.died])
    : identityFromEnvironment(process.env);
  const { app, steps } = await bootstrap({ identity, run, logger });
  process.stdout.write(`${PROCESS_STATES.listening}\n`);
  for (const signal of ENDINGS)
    process.off(signal, leave).once(signal, () => void steps.abandon(ABANDON_GRACE_MS, 'SHUTDOWN'));
  void owner?.gone.then(() => steps.orphan(ABANDON_GRACE_MS));
  await steps.done;
  await Promise.all([engine.kill(), app.close(), tracing.close()]);
  process.exit(0);
} catch (cause) {
  // The engine that is being ended says so to whoever waits for it.
  if (!isLeaving) {
    logger.error(messageOf(cause));
    process.exit(1);
  }
}
