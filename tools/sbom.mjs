#!/usr/bin/env node
/**
 * `npm run sbom`: what Sluice ships, as one CycloneDX document on standard output: the npm packages of a production install
 * (made by npm) and the jars of the change engine with their hashes.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, createProgress, ensurePrerequisites, PrerequisiteError, runCommand } from './bootstrap/index.mjs';
import { keepOnly, workspaceFolders } from './bootstrap/workspace-packages.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const SHIPPED = [
  'gateway',
  'ng-manager',
  'pipeline',
  'dbdevops',
  'scm',
  'log-service',
  'delegate-service',
  'delegate',
  'lite-engine',
  'step-runner',
];

/** npm's document of what is installed for the apps, made in a copy of the manifests: in the workspace itself the tools count as shipped. */
function npmDocument() {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-sbom-'));
  try {
    for (const folder of ['', ...workspaceFolders(root)]) {
      mkdirSync(join(copy, folder), { recursive: true });
      copyFileSync(join(root, folder, 'package.json'), join(copy, folder, 'package.json'));
    }
    copyFileSync(join(root, 'package-lock.json'), join(copy, 'package-lock.json'));
    keepOnly(copy, SHIPPED);
    npm(copy, [
      'install',
      '--package-lock-only',
      '--omit=dev',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
    ]);
    return npm(copy, ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only']);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function npm(cwd, args) {
  const done = spawnSync('npm', args, { cwd, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (done.status !== 0) throw new PrerequisiteError(`npm ${args[0]} failed: ${done.stderr.trim()}`);
  return done.stdout;
}

await runCommand(async () => {
  await ensurePrerequisites({
    root,
    programs: [],
    progress: createProgress({ write: (line) => process.stderr.write(`${line}\n`) }),
  });
  build(root);
  const document = JSON.parse(npmDocument());
  const { ENGINE_JARS } = await import(pathToFileURL(join(root, 'apps/step-runner/dist/engine/engine-jars.js')).href);
  document.components.push(
    ...ENGINE_JARS.map(({ name, version, sha256, licence }) => ({
      type: 'library',
      'bom-ref': `jar:${name}@${version}`,
      name,
      version,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
      licenses: [{ expression: licence }],
    })),
  );
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
});
