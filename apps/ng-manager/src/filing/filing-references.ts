import { nothingToUse, resolveRefIn, resolveUsableRefIn, type User } from '@sluice/api-conventions';
import { AppError, type ScopedRef } from '@sluice/kernel';
import { MOST_USES } from '@sluice/ng-manager-api';
import { parseYaml, referencesIn, type Reference } from '@sluice/pipeline-engine';
import type { EntityAt } from '../entity-use/entity-use.repository.js';
import type { Stores } from '../persistence/unit-of-work.js';
import { isThereFor } from '../secret/secret-view.js';
import { refOf } from './filed-under.js';
import type { FilingKey } from './filing.repository.js';

/**
 * Looks up what the YAML of a service, an environment or an infrastructure names, and records it as used, so that it is not deleted under it. The
 * connectors and secrets must be there and the writer must be allowed to use them; they are locked against removal until the transaction ends.
 * @throws AppError INVALID_IDENTIFIER_REF naming the field; INVALID_REQUEST for more references than are kept
 */
export async function recordNamed(stores: Stores, user: User, key: FilingKey, yaml: string): Promise<void> {
  const named = referencesIn(parseYaml(yaml, 'yaml').value);
  if (named.length > MOST_USES)
    throw new AppError(
      'INVALID_REQUEST',
      `yaml: names ${named.length} connectors, secrets and variables; at most ${MOST_USES} are taken`,
      { fields: [{ field: 'yaml', error: 'names too much' }] },
    );
  const used: EntityAt[] = [];
  for (const reference of named) used.push(...(await usedBy(stores, user, key, reference)));
  await stores.uses.replace({ kind: key.kind, ...refOf(key) }, used);
}

async function usedBy(
  stores: Stores,
  user: User,
  { scope }: FilingKey,
  { kind, ref, field: path }: Reference,
): Promise<EntityAt[]> {
  const field = `yaml: ${path}`;
  switch (kind) {
    case 'connector':
    case 'secret': {
      const at = resolveUsableRefIn(user, kind, field, ref, scope);
      if (!(await isThere(stores, user, kind, at))) throw nothingToUse(user, kind, field, ref, at);
      return [{ kind, ...at }];
    }
    case 'variable': {
      const at = resolveRefIn(field, ref, scope);
      await stores.variables.find(at, { lock: 'share' });
      return [{ kind, ...at }];
    }
    case 'dbschema':
    case 'service':
    case 'environment':
    case 'infrastructure':
      return [];
  }
}

async function isThere(
  stores: Stores,
  { principal }: User,
  kind: 'connector' | 'secret',
  at: ScopedRef,
): Promise<boolean> {
  if (kind === 'connector') return (await stores.connectors.find(at, { lock: 'share' })) !== null;
  const secret = await stores.secrets.find(at, { lock: 'share' });
  return secret !== null && isThereFor(secret, principal);
}
