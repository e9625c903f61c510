import { fileURLToPath } from 'node:url';

export { bootstrap, type RunningStepRunner, type StepRunnerOptions } from './bootstrap.js';
export { prepareEngine, type EngineHome } from './engine/engine-home.js';
/** Run it with Node, `--parked` for the pool: see `PROCESS_STATES` and `stepRunnerIdentity` in `@sluice/runner-rpc`. */
export const stepRunnerEntry = fileURLToPath(new URL('../dist/main.js', import.meta.url));
