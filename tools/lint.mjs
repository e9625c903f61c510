#!/usr/bin/env node
/**
 * Lints everything, or one folder: `node tools/lint.mjs [folder…]`. oxlint for habits, ESLint for the boundaries between packages.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folders = process.argv.slice(2).map((folder) => relative(root, resolve(root, folder)) || '.');
const targets = folders.length > 0 ? folders : ['.'];

function run(script, args, env = {}) {
  return spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

function report(result) {
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return result.status === 0;
}

const habits = report(run('oxlint/bin/oxlint', ['-c', '.oxlintrc.json', '--deny-warnings', ...targets]));
// The boundary rule reads Nx's cached project graph and says nothing at all without one; any Nx command makes it.
const graph = run('nx/dist/bin/nx.js', ['show', 'projects'], { NX_TUI: 'false', NX_DAEMON: 'false' });
if (graph.status !== 0) report(graph);
const boundaries =
  graph.status === 0 &&
  report(run('eslint/bin/eslint.js', ['--no-warn-ignored', '--no-error-on-unmatched-pattern', ...targets]));
process.exit(habits && boundaries ? 0 : 1);
