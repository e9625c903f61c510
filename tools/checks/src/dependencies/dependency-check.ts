import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_JARS } from '@sluice/step-runner';
import { lockedPackages } from './locked-packages.js';
import { KNOWN_VULNERABILITIES, type KnownVulnerability } from './known-vulnerabilities.js';

/** One package that is installed, with its exact version. */
export interface InstalledPackage {
  readonly ecosystem: KnownVulnerability['ecosystem'];
  readonly name: string;
  readonly version: string;
}

/** Everything the lock file installs, and the jars of the change engine. */
export function installedPackages(root: string): InstalledPackage[] {
  const npm = lockedPackages(root).map(({ name, version }): InstalledPackage => ({ ecosystem: 'npm', name, version }));
  return [...npm, ...ENGINE_JARS.map(({ name, version }): InstalledPackage => ({ ecosystem: 'maven', name, version }))];
}

/** Pure: one sentence for each installed package with a known weakness that nobody accepted. */
export function vulnerabilityComplaints(
  installed: readonly InstalledPackage[],
  known: readonly KnownVulnerability[] = KNOWN_VULNERABILITIES,
): string[] {
  return affected(installed, known)
    .filter(({ weakness }) => weakness.accepted === undefined)
    .map(
      ({ one, weakness }) =>
        `${one.name} ${one.version}: ${weakness.id} (${weakness.summary}); take ${weakness.fixed} or later, or say in known-vulnerabilities.ts why it cannot be used`,
    );
}

/** Pure: the weaknesses that are there and were accepted, each with its reason. */
export function acceptedVulnerabilities(
  installed: readonly InstalledPackage[],
  known: readonly KnownVulnerability[] = KNOWN_VULNERABILITIES,
): string[] {
  return affected(installed, known).flatMap(({ one, weakness }) =>
    weakness.accepted === undefined ? [] : [`${one.name} ${one.version}: ${weakness.id}: ${weakness.accepted}`],
  );
}

function affected(installed: readonly InstalledPackage[], known: readonly KnownVulnerability[]) {
  return installed.flatMap((one) =>
    known
      .filter(
        (weakness) =>
          weakness.ecosystem === one.ecosystem && weakness.package === one.name && isAffected(one.version, weakness),
      )
      .map((weakness) => ({ one, weakness })),
  );
}

function isAffected(version: string, { introduced, fixed }: KnownVulnerability): boolean {
  return compareVersions(version, introduced) >= 0 && compareVersions(version, fixed) < 0;
}

/** Pure: orders versions by their numbers. What comes before a release (`-beta.1`) counts as that release. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] =>
    (version.split(/[-+]/, 1)[0] ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** One sentence for each jar of the change engine that is not the one that was looked at. */
export function jarComplaints(root: string): string[] {
  return ENGINE_JARS.flatMap(({ name, version, sha256 }) => {
    const found = createHash('sha256')
      .update(readFileSync(join(root, 'node_modules/liquibase/dist/liquibase/internal/lib', `${name}.jar`)))
      .digest('hex');
    return found === sha256
      ? []
      : [
          `${name}.jar is not ${version} with SHA-256 ${sha256} but has ${found}; look at what changed, then correct engine-jars.ts`,
        ];
  });
}
