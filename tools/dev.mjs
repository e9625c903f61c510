#!/usr/bin/env node
/**
 * `npx nx dev <app>`: builds the app and its workspace dependencies on every change and restarts it.
 * Its environment is that of the local stack, so start that without the app first: `npm start -- --without <app>`.
 * Variables set in the shell win.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrerequisiteError, runCommand } from './bootstrap/index.mjs';
import { withDependencies } from './bootstrap/workspace-packages.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** What the local stack configures this app with. Without a stack the shell's own variables must do; that is said. */
function stackEnvironment(app) {
  const folder = resolve(process.env.SLUICE_DATA_DIR ?? join(root, '.sluice'));
  const file = join(folder, 'secrets/environment.json');
  if (existsSync(file)) return readJson(file)[app] ?? {};
  process.stderr.write(
    `There is no environment of a local stack in ${folder}, so ${app} gets the variables of this shell only.\nStart a stack first (npm start -- --without ${app}), or name its data folder: SLUICE_DATA_DIR=… npx nx dev ${app}\n`,
  );
  return {};
}

await runCommand(async () => {
  const folder = relative(root, resolve(root, process.argv[2] ?? ''));
  const main = join(root, folder, 'dist/main.js');
  if (!folder || !existsSync(join(root, folder, 'package.json')))
    throw new PrerequisiteError('usage: node tools/dev.mjs apps/<app>');
  const folders = withDependencies(root, [folder]);
  const compile = (changed) =>
    spawnSync(process.execPath, [join(root, 'tools/build.mjs'), ...changed], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0;
  if (!compile(folders)) throw new PrerequisiteError('the build failed; see above');
  const app = spawn(process.execPath, ['--watch', '--watch-preserve-output', '--enable-source-maps', main], {
    cwd: root,
    stdio: 'inherit',
    env: { ...stackEnvironment(basename(folder)), ...process.env },
  });
  const { watch } = await import('chokidar');
  const pending = new Set();
  let timer;
  const watcher = watch(
    folders.map((one) => join(root, one, 'src')),
    { ignoreInitial: true },
  ).on('all', (_event, path) => {
    pending.add(folders.find((one) => path.startsWith(join(root, one, 'src'))));
    clearTimeout(timer);
    timer = setTimeout(() => {
      compile([...pending].filter(Boolean));
      pending.clear();
    }, 60);
  });
  const stop = () => void watcher.close().then(() => app.kill('SIGTERM'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  process.exitCode = await new Promise((done) => app.once('exit', (code) => done(code ?? 0)));
  await watcher.close();
});
