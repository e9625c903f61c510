import { AppError } from '@sluice/kernel';
import { parseYaml } from '@sluice/pipeline-engine';

interface Described {
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Valid when it was stored. */
  readonly yaml: string;
}

/** A stored document as the audit trail shows it: its YAML as an object, so that secrets in it are found by their keys and changes by their paths. */
export function stateOf({ name, description, tags, yaml }: Described): Readonly<Record<string, unknown>> {
  return { name, description, tags, document: documentOf(yaml) };
}

/** Limits may be tighter now than when it was stored: it can be replaced and deleted all the same. Its text is not shown, for it may hold secrets. */
function documentOf(yaml: string): unknown {
  try {
    return parseYaml(yaml, 'the stored document').value;
  } catch (cause) {
    if (cause instanceof AppError) return `not shown: ${cause.message}`;
    throw cause;
  }
}
