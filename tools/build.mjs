#!/usr/bin/env node
/**
 * Compiles the workspace's TypeScript packages with SWC into `<package>/dist`, and the UI with Vite.
 *
 *   node tools/build.mjs                 every package
 *   node tools/build.mjs libs/kernel     one package (what `nx build kernel` runs)
 *   node tools/build.mjs --no-ui         every package but the UI
 *
 * Incremental: a source whose output is newer is left alone; an output whose source is gone is removed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const wantUi = !args.includes('--no-ui');
const named = args.filter((arg) => !arg.startsWith('--'));

/** Folders of workspace packages, relative to the root, in the order package.json names them. */
function workspaceFolders() {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -2);
    return readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, 'package.json')))
      .map((entry) => `${parent}/${entry.name}`);
  });
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

const isSpec = (file) => /\.(spec|test)\.tsx?$/.test(file);
const olderThan = (output, input) => !existsSync(output) || statSync(output).mtimeMs < statSync(input).mtimeMs;

async function buildPackage(folder, swc) {
  const source = join(root, folder, 'src');
  const dist = join(root, folder, 'dist');
  const wanted = new Set();
  let compiled = 0;
  for (const file of filesUnder(source)) {
    if (isSpec(file) || file.endsWith('.d.ts')) continue;
    const isTypeScript = file.endsWith('.ts');
    const output = join(dist, relative(source, file)).replace(/\.ts$/, '.js');
    wanted.add(output).add(`${output}.map`);
    if (!olderThan(output, file)) continue;
    mkdirSync(dirname(output), { recursive: true });
    compiled += 1;
    if (!isTypeScript) {
      cpSync(file, output);
      continue;
    }
    const { code, map } = await swc.transform(readFileSync(file, 'utf8'), {
      filename: file,
      sourceFileName: relative(dirname(output), file),
      configFile: join(root, '.swcrc'),
    });
    writeFileSync(`${output}.map`, map ?? '');
    writeFileSync(output, `${code}\n//# sourceMappingURL=${output.split('/').at(-1)}.map\n`);
  }
  for (const stale of filesUnder(dist)) if (!wanted.has(stale)) rmSync(stale, { force: true }); // another build may do the same
  return compiled;
}

function buildUi() {
  const source = join(root, 'apps/ui');
  const stamp = join(source, 'dist/index.html');
  const inputs = [
    ...filesUnder(join(source, 'src')),
    join(source, 'index.html'),
    join(source, 'vite.config.mjs'),
    ...filesUnder(join(root, 'libs/contracts')).filter((file) => file.includes('/src/')),
  ].filter((file) => existsSync(file));
  if (existsSync(stamp) && inputs.every((file) => !olderThan(stamp, file))) return;
  const result = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
    { cwd: source, stdio: 'inherit' },
  );
  if (result.status !== 0) process.exit(result.status ?? 1);
}

const folders = named.length > 0 ? named.map((name) => relative(root, resolve(root, name))) : workspaceFolders();
const started = Date.now();
let compiled = 0;
const packages = folders.filter((folder) => folder !== 'apps/ui');
if (packages.length > 0) {
  const swc = await import('@swc/core');
  for (const folder of packages) compiled += await buildPackage(folder, swc);
}
if (folders.includes('apps/ui') && wantUi && existsSync(join(root, 'apps/ui/index.html'))) buildUi();
console.log(`built ${folders.length} package(s), ${compiled} file(s) compiled, ${Date.now() - started} ms`);
