import { fileURLToPath } from 'node:url';

export { bootstrap } from './bootstrap.js';
export { ENGINE_JARS, type EngineJar } from './engine/engine-jars.js';
/** Run it with Node, `--parked` for the pool: see `PROCESS_STATES` and `stepRunnerIdentity` in `@sluice/runner-rpc`. */
export const stepRunnerEntry = fileURLToPath(new URL('../dist/main.js', import.meta.url));
