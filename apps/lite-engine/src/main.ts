import 'reflect-metadata';
import { messageOf } from '@sluice/kernel';
import { PROCESS_STATES, liteEngineIdentity, parked } from '@sluice/runner-rpc';
import { Tracing, createLogger } from '@sluice/telemetry';
import { bootstrap, rehearseLiteEngine } from './bootstrap.js';
import { identityFromEnvironment } from './config.js';

const logger = createLogger('lite-engine');
const tracing = Tracing.create('lite-engine');

try {
  const isParked = process.argv.includes('--parked');
  // The rehearsal's span would be the only one of a trace that nobody asked for, so it goes nowhere.
  if (isParked) await rehearseLiteEngine(Tracing.create('lite-engine', ''), logger);
  const owner = isParked ? parked() : undefined;
  const identity = owner
    ? await owner.identity((line) => liteEngineIdentity.parse(line))
    : identityFromEnvironment(process.env);
  const { app, stage } = await bootstrap({ identity, tracing, logger });
  process.stdout.write(`${PROCESS_STATES.listening}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stage.abandon('SHUTDOWN'));
  void owner?.gone.then(() => stage.orphan());
  await stage.done;
  await Promise.all([app.close(), tracing.close()]);
  process.exit(0);
} catch (cause) {
  logger.error(messageOf(cause));
  process.exit(1);
}
