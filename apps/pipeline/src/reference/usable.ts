import { resolveUsableRefIn, type User } from '@sluice/api-conventions';
import { AppError, type ProjectScope } from '@sluice/kernel';
import { parseYaml, referencesIn, type Reference } from '@sluice/pipeline-engine';

/**
 * What a document names may be used by who writes it, wherever it lives: connectors and secrets, and, seen, services, environments and infrastructures.
 * Whether connectors and secrets are there shows when it runs. DB schemas are of the project itself, and variables are for everybody who runs a pipeline. Pure.
 * @throws AppError INVALID_IDENTIFIER_REF
 */
export function requireUsable(writer: User, scope: ProjectScope, uses: readonly Reference[]): void {
  for (const { kind, ref, field } of uses)
    if (kind !== 'dbschema' && kind !== 'variable') resolveUsableRefIn(writer, kind, field, ref, scope);
}

/** What is sent along with a run names. Text that cannot be read names nothing; what reads it to run it says so. */
export function namedInInput(texts: readonly (string | undefined)[]): Reference[] {
  return texts.flatMap((text) => (text === undefined || text.trim() === '' ? [] : referencesIn(readable(text))));
}

function readable(text: string): unknown {
  try {
    return parseYaml(text, 'runtime input').value;
  } catch (cause) {
    if (cause instanceof AppError) return undefined;
    throw cause;
  }
}
