#!/usr/bin/env node
/**
 * `npm run sbom`: what Sluice ships, as one CycloneDX document on standard output: the npm packages of a production install
 * (made by npm) and the jars of the change engine with their hashes.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, createProgress, ensurePrerequisites, PrerequisiteError, runCommand } from './bootstrap/index.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  await ensurePrerequisites({ root, programs: [], progress: createProgress({ write: (line) => process.stderr.write(`${line}\n`) }) });
  build(root);
  const npm = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'], { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (npm.status !== 0) throw new PrerequisiteError(`npm sbom failed: ${npm.stderr.trim()}`);
  const document = JSON.parse(npm.stdout);
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
