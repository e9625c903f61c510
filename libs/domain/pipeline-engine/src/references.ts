import { hasExpression } from './expressions.js';

export type ReferencedKind = 'connector' | 'secret' | 'dbschema';

/** What a document refers to, as it is written there: `id`, `org.id` or `account.id`. */
export interface Reference {
  readonly kind: ReferencedKind;
  readonly ref: string;
}

/** Keys whose text is a reference, wherever they stand. */
const KIND_OF_KEY: Readonly<Record<string, ReferencedKind>> = { dbSchema: 'dbschema', encryptedWebhookSecretIdentifier: 'secret' };
/** `connectorRef`, `harnessImageConnectorRef` and their like. */
const CONNECTOR_KEY = /connectorRef$/i;
const SECRET_EXPRESSION = /secrets\.getValue\(\s*["']([^"'<>]{1,256})["']\s*\)/g;
const POSSIBLE_REFERENCE = /^(?:(?:account|org)\.)?[0-9a-zA-Z_$-]{1,128}$/;

/**
 * Connectors, secrets and DB schemas that a pipeline, an input set or a trigger names: each once, in the order of the document. What is given at
 * run time only (`<+input>`, other expressions) is not there to be seen, and what cannot be an identifier is left out.
 * @param document as {@link parseYaml} reads it
 */
export function referencesIn(document: unknown): Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: ReferencedKind, ref: unknown): void => {
    if (typeof ref === 'string' && POSSIBLE_REFERENCE.test(ref)) found.set(`${kind} ${ref}`, { kind, ref });
  };
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const [, ref] of value.matchAll(SECRET_EXPRESSION)) add('secret', ref);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (isSecretVariable(value)) add('secret', value.value);
    for (const [key, inner] of Object.entries(value)) {
      const kind = CONNECTOR_KEY.test(key) ? 'connector' : KIND_OF_KEY[key];
      if (kind && !hasExpression(inner)) add(kind, inner);
      walk(inner);
    }
  };
  walk(document);
  return [...found.values()];
}

/** The value of a variable of type Secret names a secret. */
function isSecretVariable(value: object): value is { readonly value: unknown } {
  return 'type' in value && value.type === 'Secret' && 'name' in value && 'value' in value;
}
