#!/usr/bin/env node
/**
 * Leaves in a copy of the repository what some apps need to run, and nothing else: no other app, no tests' databases, no build tools.
 *   node tools/production-install.mjs <app…>      for example: gateway pipeline
 * It removes the other packages of the workspace, and runs `npm prune`. So it refuses to work in a Git checkout: the Dockerfiles run it in a copy.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrerequisiteError, runCommand } from './bootstrap/index.mjs';
import { keepOnly } from './bootstrap/workspace-packages.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  const apps = process.argv.slice(2);
  const unknown = apps.find((app) => !existsSync(join(root, 'apps', app, 'package.json')));
  if (apps.length === 0 || unknown !== undefined) {
    throw new PrerequisiteError(
      `${unknown === undefined ? 'no app is named' : `there is no app "${unknown}"`}; apps are ${readdirSync(join(root, 'apps')).join(', ')}`,
    );
  }
  if (existsSync(join(root, '.git')))
    throw new PrerequisiteError(
      `${root} is a Git checkout, and this removes packages from it; work in a copy without .git`,
    );
  keepOnly(root, apps);
  const npm = spawnSync('npm', ['prune', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (npm.status !== 0) throw new PrerequisiteError('npm prune failed; see above');
});
