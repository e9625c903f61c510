import { hasExpression } from './expressions.js';
import { formatPath, type Path } from './problems.js';
import { storedVariableRefsIn } from './stored-variables.js';

type ReferencedKind = 'connector' | 'secret' | 'dbschema' | 'service' | 'environment' | 'infrastructure' | 'variable';

/** What a document refers to, as it is written there: `id`, `org.id` or `account.id`. An infrastructure is named with its environment: `account.prod/cluster`. */
export interface Reference {
  readonly kind: ReferencedKind;
  readonly ref: string;
  /** Where it stands first, such as `pipeline.stages[0].stage.spec.environment.environmentRef`. */
  readonly field: string;
}

/** Keys whose text is a reference, wherever they stand. */
const KIND_OF_KEY: Readonly<Record<string, ReferencedKind>> = {
  dbSchema: 'dbschema',
  encryptedWebhookSecretIdentifier: 'secret',
  serviceRef: 'service',
  environmentRef: 'environment',
};
/** `connectorRef`, `harnessImageConnectorRef` and their like. */
const CONNECTOR_KEY = /connectorRef$/i;
/** Secrets in the YAML of services, environments and infrastructures. */
const SECRET_KEY = /^(?:secret|credentials|sshKey|password|token)Ref$/i;
const SECRET_EXPRESSION = /secrets\.getValue\(\s*["']([^"'<>]{1,256})["']\s*\)/g;
const POSSIBLE_REFERENCE = /^(?:(?:account|org)\.)?[0-9a-zA-Z_$-]{1,128}$/;
const POSSIBLE_IDENTIFIER = /^[0-9a-zA-Z_$-]{1,128}$/;

/**
 * What a pipeline, an input set, a trigger, or the YAML of a service, an environment or an infrastructure names: each thing once, in the order of the
 * document. What is given at run time only (`<+input>`, other expressions) is not there to be seen, and what cannot be an identifier is left out.
 * @param document as {@link parseYaml} reads it
 */
export function referencesIn(document: unknown): Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: ReferencedKind, ref: unknown, path: Path): void => {
    if (typeof ref === 'string' && isPossible(kind, ref) && !found.has(`${kind} ${ref}`))
      found.set(`${kind} ${ref}`, { kind, ref, field: formatPath(path) });
  };
  const walk = (value: unknown, path: Path): void => {
    if (typeof value === 'string') {
      for (const [, ref] of value.matchAll(SECRET_EXPRESSION)) add('secret', ref, path);
      for (const ref of storedVariableRefsIn(value)) add('variable', ref, path);
      return;
    }
    if (Array.isArray(value)) return value.forEach((inner, index) => walk(inner, [...path, index]));
    if (typeof value !== 'object' || value === null) return;
    if (isSecretVariable(value)) add('secret', value.value, [...path, 'value']);
    for (const [key, inner] of Object.entries(value)) {
      const kind = CONNECTOR_KEY.test(key) ? 'connector' : SECRET_KEY.test(key) ? 'secret' : KIND_OF_KEY[key];
      if (kind && !hasExpression(inner)) add(kind, inner, [...path, key]);
      walk(inner, [...path, key]);
    }
    for (const { ref, at } of infrastructuresOf(value)) add('infrastructure', ref, [...path, ...at]);
  };
  walk(document, []);
  return [...found.values()];
}

function isPossible(kind: ReferencedKind, ref: string): boolean {
  if (kind !== 'infrastructure') return POSSIBLE_REFERENCE.test(ref);
  const [environment = '', identifier = '', ...more] = ref.split('/');
  return more.length === 0 && POSSIBLE_REFERENCE.test(environment) && POSSIBLE_IDENTIFIER.test(identifier);
}

/** Infrastructures that stand beside the environment they belong to. */
function infrastructuresOf(value: object): { readonly ref: string; readonly at: Path }[] {
  if (
    !('environmentRef' in value && 'infrastructureDefinitions' in value) ||
    typeof value.environmentRef !== 'string' ||
    !Array.isArray(value.infrastructureDefinitions)
  )
    return [];
  const { environmentRef, infrastructureDefinitions } = value;
  return infrastructureDefinitions.flatMap((one: unknown, index) =>
    typeof one === 'object' && one !== null && 'identifier' in one && typeof one.identifier === 'string'
      ? [{ ref: `${environmentRef}/${one.identifier}`, at: ['infrastructureDefinitions', index, 'identifier'] }]
      : [],
  );
}

/** The value of a variable of type Secret names a secret. */
function isSecretVariable(value: object): value is { readonly value: unknown } {
  return 'type' in value && value.type === 'Secret' && 'name' in value && 'value' in value;
}
