import { parseYaml } from '@sluice/pipeline-engine';

interface Described {
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Valid: it was checked when it was stored. */
  readonly yaml: string;
}

/** A stored document as the audit trail shows it: its YAML as an object, so that secrets in it are found by their keys and changes by their paths. */
export function stateOf({ name, description, tags, yaml }: Described): Readonly<Record<string, unknown>> {
  return { name, description, tags, document: parseYaml(yaml, 'the stored document').value };
}
