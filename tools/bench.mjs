#!/usr/bin/env node
/** Benchmarks: `npm run bench -- <name> [--runs N]`. Prints progress, and one JSON object as its last line. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAMS_TO_RUN, build, createProgress, ensurePrerequisites, runCommand } from './bootstrap/index.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  await ensurePrerequisites({ root, programs: PROGRAMS_TO_RUN, progress: createProgress() });
  build(root, ['--no-ui']);
  const { main } = await import('./bench/dist/index.js');
  process.exitCode = await main(process.argv.slice(2));
});
