import { createHash } from 'node:crypto';

const LONGEST_READABLE = 80;
const DIGEST = /_[0-9a-f]{8}$/;

/**
 * Prefix of the identifiers of a deployment's entities. Readable, and different for different names: what letters, digits and `_`
 * cannot say in full (other scripts, punctuation, case, length) is told apart by a digest of the name.
 * @param distinction what makes up a deployment that was not named; empty for one that was
 */
export function identifierOf(name: string, distinction: string): string {
  const readable = earlierIdentifierOf(name);
  if (distinction !== '') return `${readable}_${digestOf(distinction)}`;
  return readable === name && !DIGEST.test(name) ? name : `${readable}_${digestOf(name)}`;
}

/** What earlier versions made of a name, where different names could meet. Deployments made then keep it. */
export function earlierIdentifierOf(name: string): string {
  return name
    .replaceAll(/\W+/g, '_')
    .replace(/^(?=\d)/, '_')
    .slice(0, LONGEST_READABLE);
}

/** The most UTF-16 units that Sluice takes for a name. */
const LONGEST_NAME = 128;

/** The name of an entity of a deployment, for people: a name of any length, cut where it is too long, and what the entity is. */
export function displayName(name: string, what = ''): string {
  const room = LONGEST_NAME - what.length;
  if (name.length <= room) return name + what;
  let shown = '';
  for (const character of name) {
    if (shown.length + character.length >= room) break;
    shown += character;
  }
  return `${shown}…${what}`;
}

/** Identifiers of everything that belongs to one deployment. */
export function entityNamesOf(identifier: string) {
  return {
    passwordSecret: `${identifier}_password`,
    gitSecret: `${identifier}_git_password`,
    gitKey: `${identifier}_git_key`,
    databaseConnector: `${identifier}_database`,
    gitConnector: `${identifier}_git`,
    cluster: `${identifier}_cluster`,
    schema: identifier,
    instance: `${identifier}_instance`,
    pipeline: `${identifier}_apply`,
  } as const;
}
export type EntityNames = ReturnType<typeof entityNamesOf>;

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
