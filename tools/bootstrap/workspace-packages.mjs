import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Folders of all packages of the workspace, relative to its root. */
export function workspaceFolders(root) {
  return Object.keys(readJson(join(root, 'package-lock.json')).packages).filter(
    (path) => path !== '' && !path.includes('node_modules') && existsSync(join(root, path, 'package.json')),
  );
}

/** The packages in those folders and every workspace package they need to run, as folders relative to the root. */
export function withDependencies(root, folders) {
  const packages = readJson(join(root, 'package-lock.json')).packages;
  const folderOf = (name) => packages[`node_modules/${name}`]?.link && packages[`node_modules/${name}`].resolved;
  const found = new Set();
  const visit = (path) => {
    if (!path || found.has(path)) return;
    found.add(path);
    for (const name of Object.keys(readJson(join(root, path, 'package.json')).dependencies ?? {}))
      visit(folderOf(name));
  };
  for (const folder of folders) visit(folder);
  return [...found];
}

/**
 * Removes from a copy of the repository every package that those apps do not need to run, and what the others need to be built and tested.
 * Afterwards the lock file names more than is there; npm mends it.
 */
export function keepOnly(root, apps) {
  const kept = withDependencies(
    root,
    apps.map((app) => `apps/${app}`),
  );
  for (const folder of workspaceFolders(root))
    if (!kept.includes(folder)) rmSync(join(root, folder), { recursive: true });
  for (const folder of ['', ...kept]) {
    const file = join(root, folder, 'package.json');
    const { devDependencies: _, ...rest } = readJson(file);
    writeFileSync(file, `${JSON.stringify(rest, null, 2)}\n`);
  }
}
