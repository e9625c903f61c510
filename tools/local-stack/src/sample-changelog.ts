import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Entry point of the sample changelog inside its repository. */
export const SAMPLE_CHANGELOG_PATH = 'db/changelog.xml';
/** The context the sample is deployed with: its demo data, and none of the production-only changes. */
export const SAMPLE_CONTEXT = 'demo';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../sample-changelog');

/** Every file of the sample changelog by its path in the repository. */
export function sampleChangelogFiles(): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path, 'utf8')];
    }),
  );
}
