import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** A package of npm that the lock file installs, with its exact version and the licence it says it has. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), link: z.boolean().optional(), license: z.string().optional() }),
  ),
});

/** Everything the lock file installs, without the packages of the workspace. */
export function lockedPackages(root: string): LockedPackage[] {
  const { packages } = lockFile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return Object.entries(packages).flatMap(([path, { version, link, license }]) => {
    const at = path.lastIndexOf('node_modules/');
    if (at < 0 || link || version === undefined) return [];
    return [{ name: path.slice(at + 'node_modules/'.length), version, licence: license ?? 'unknown' }];
  });
}
