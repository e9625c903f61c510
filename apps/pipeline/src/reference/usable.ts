import { resolveUsableRefIn, type User } from '@sluice/api-conventions';
import { AppError, type ProjectScope } from '@sluice/kernel';
import { parseYaml, referencesIn, type Reference } from '@sluice/pipeline-engine';

/**
 * Connectors and secrets that a document names may be used by who writes it, wherever they live. Whether they are there shows when it runs. Pure.
 * @throws AppError INVALID_IDENTIFIER_REF
 */
export function requireUsable(writer: User, scope: ProjectScope, uses: readonly Reference[]): void {
  for (const { kind, ref } of uses) if (kind !== 'dbschema') resolveUsableRefIn(writer, kind, 'yaml', ref, scope);
}

/** As {@link requireUsable}, for what is sent along with a run. Text that cannot be read names nothing; what reads it to run it says so. */
export function requireUsableInput(starter: User, scope: ProjectScope, texts: readonly (string | undefined)[]): void {
  requireUsable(starter, scope, referencesIn(texts.map((text) => (text === undefined || text.trim() === '' ? undefined : readable(text)))));
}

function readable(text: string): unknown {
  try {
    return parseYaml(text, 'runtime input').value;
  } catch (cause) {
    if (cause instanceof AppError) return undefined;
    throw cause;
  }
}
