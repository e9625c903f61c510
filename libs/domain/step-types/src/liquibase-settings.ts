import { LIQUIBASE_SETTINGS } from '@sluice/delegate-protocol';
import { z } from 'zod';

export interface LiquibaseSettings {
  /** Label filter expression; empty runs every changeset. */
  readonly labels: string;
  readonly settings: Readonly<Partial<Record<(typeof LIQUIBASE_SETTINGS)[number], string>>>;
}

const LABELS: readonly string[] = ['labels', 'labelFilter'];
const SETTINGS: ReadonlyMap<string, (typeof LIQUIBASE_SETTINGS)[number]> = new Map(
  LIQUIBASE_SETTINGS.map((name) => [name, name]),
);

/** Settings of the tool as YAML has them, in the spellings of the command line and of its property files: `label-filter`, `--strict`, `liquibase.strict`. */
export const liquibaseSettings = z.record(z.string(), z.string().max(4_096)).superRefine((settings, issue) => {
  for (const name of Object.keys(settings)) {
    if (isKnown(canonical(name))) continue;
    issue.addIssue({
      code: 'custom',
      path: [name],
      message: `"${name}" is not passed on to Liquibase; these settings are: label-filter, ${LIQUIBASE_SETTINGS.map(kebab).join(', ')}. contexts and changelog parameters are set on the DB instance ("context", "substituteProperties")`,
    });
  }
});

/** @param maps the step's maps, later ones first in force */
export function settingsOf(...maps: readonly (Readonly<Record<string, string>> | undefined)[]): LiquibaseSettings {
  let labels = '';
  const settings: Partial<Record<(typeof LIQUIBASE_SETTINGS)[number], string>> = {};
  for (const [name, value] of maps.flatMap((map) => Object.entries(map ?? {}))) {
    const known = SETTINGS.get(canonical(name));
    if (known) settings[known] = value;
    if (LABELS.includes(canonical(name))) labels = value;
  }
  return { labels, settings };
}

function isKnown(name: string): boolean {
  return SETTINGS.has(name) || LABELS.includes(name);
}

function canonical(name: string): string {
  return name
    .replace(/^(?:--|liquibase[.-])/, '')
    .replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
