#!/usr/bin/env node
/** `npm run conformance [-- --json]`: which routes of the public contract are served and tested. Needs nothing running. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createProgress, ensurePrerequisites, runCommand } from './bootstrap/index.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  await ensurePrerequisites({ root, programs: [], progress: createProgress() });
  build(root, ['--no-ui']);
  const { conformance } = await import('./checks/dist/index.js');
  const { text, exitCode } = conformance(process.argv.slice(2));
  process.stdout.write(text);
  process.exitCode = exitCode;
});
