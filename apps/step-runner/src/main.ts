import 'reflect-metadata';
import { messageOf } from '@sluice/kernel';
import { PROCESS_STATES, parked, stepRunnerIdentity } from '@sluice/runner-rpc';
import { Tracing, createLogger } from '@sluice/telemetry';
import { bootstrap, rehearseStepRunner } from './bootstrap.js';
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
  // A parked process is only worth something warm; one that has its work waiting warms up while the call comes in.
  const startEngine = (): EngineProcess => EngineProcess.start(home, { heapMb: config.heapMb, warmUp: false });
  const run = { engine, startEngine, tracing, allowShellCommands: config.allowShellCommands };
  if (isParked) await Promise.all([engine.ready, rehearseStepRunner(run, logger)]);
  const owner = isParked ? parked() : undefined;
  const identity = owner ? await owner.identity((line) => stepRunnerIdentity.parse(line)) : identityFromEnvironment(process.env);
  const { app, steps } = await bootstrap({ identity, run, logger });
  process.stdout.write(`${PROCESS_STATES.listening}\n`);
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
