import { fileURLToPath } from 'node:url';

export { bootstrap } from './bootstrap.js';
/** Run it with Node, `--parked` for the pool: see `PROCESS_STATES` and `liteEngineIdentity` in `@sluice/runner-rpc`. */
export const liteEngineEntry = fileURLToPath(new URL('../dist/main.js', import.meta.url));
