import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runQuietly } from './run.mjs';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/**
 * True when node_modules holds exactly what package-lock.json asks for. Compared by content with the record npm leaves
 * in node_modules, which is missing after an interrupted installation; file times say nothing after a checkout.
 */
export function npmPackagesMatchLock(root) {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages ?? {};
  const wanted = readJson(join(root, 'package-lock.json')).packages ?? {};
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = installed[path];
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return entry.link ? found.link === true : found.version === entry.version;
  });
}

/** Runs `npm ci` when the installed packages are not those of the lock file. @throws PrerequisiteError */
export async function ensureNpmPackages(root, progress) {
  if (npmPackagesMatchLock(root)) return;
  const bundledNpm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const npm = [process.env.npm_execpath, bundledNpm].find((file) => file?.endsWith('.js') && existsSync(file));
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  await progress.during('installing npm packages (npm ci)', () =>
    runQuietly(command, [...args, 'ci', '--no-audit', '--no-fund'], {
      cwd: root,
      env: { NODE_ENV: '' },
      what: 'npm ci',
    }),
  );
}
