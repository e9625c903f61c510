#!/usr/bin/env node
/** `npm start`: from a fresh clone to a running Sluice with its first deployment. Plain Node; the rest is installed here. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, createProgress, ensurePrerequisites, PROGRAMS_TO_RUN, runCommand } from './bootstrap/index.mjs';
import { parseStartOptions, START_USAGE } from './bootstrap/start-options.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(START_USAGE);
    return;
  }
  const progress = createProgress();
  await ensurePrerequisites({ root, programs: PROGRAMS_TO_RUN, progress });
  progress.say(build(root));
  const { main } = await import(pathToFileURL(join(root, 'tools/local-stack/dist/main.js')).href);
  process.exitCode = await main({ ...options, root, startedAt: progress.startedAt });
});
