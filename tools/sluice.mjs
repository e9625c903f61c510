#!/usr/bin/env node
/** `npm run sluice -- …`: the command line client. Compiles what it needs, then hands over to tools/cli. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, createProgress, ensurePrerequisites, runCommand } from './bootstrap/index.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  const progress = createProgress({ write: (line) => process.stderr.write(`${line}\n`) });
  await ensurePrerequisites({ root, programs: [], progress });
  build(root, ['tools/cli', 'libs/kernel']);
  const { interruptionOf, main } = await import(pathToFileURL(join(root, 'tools/cli/dist/index.js')).href);
  const { signal, leave } = interruptionOf(process);
  // Whoever read the output (`| head`) may go away; the exit code still is the result.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (cause) => {
      if (cause.code !== 'EPIPE') throw cause;
    });
  process.exitCode = await main({
    args: process.argv.slice(2),
    env: process.env,
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    signal,
    leave,
    defaultDataDir: join(root, '.sluice'),
  });
  // A command that was left has requests under way, which would keep the process until their time limits.
  if (leave.aborted) process.exit();
});
