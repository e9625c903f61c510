#!/usr/bin/env node
/** Runs Jest with what ES modules need. `node tools/jest.mjs [paths…] [--layer pure] [jest options…]` */
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const layerAt = args.indexOf('--layer');
const layer = layerAt >= 0 ? args.splice(layerAt, 2)[1] : undefined;
// Whoever ends this wrapper ends Jest too: it must not run on behind the back of the next layer. The handlers stand before Jest does,
// so that there is no moment in which a signal ends the wrapper alone; a handler runs when this file has been run to its first await.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => jest.kill(signal));
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--config',
    'jest.config.mjs',
    '--passWithNoTests',
    ...args,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...(layer ? { SLUICE_TEST_LAYER: layer } : {}) } },
);
process.exitCode = await new Promise((resolve) =>
  jest.once('error', () => resolve(1)).once('exit', (code) => resolve(code ?? 1)),
);
