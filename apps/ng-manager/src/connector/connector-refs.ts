import { AppError, qualifiedRef, resolveRef, type Scope } from '@sluice/kernel';
import type { ConnectorBody } from '@sluice/ng-manager-api';

/** A secret a connector refers to, and where in its spec. */
export interface SecretRefAt {
  /** Path such as `connector.spec.auth.spec.passwordRef`. */
  readonly field: string;
  readonly ref: string;
}

/** Secret references that some types name without `Ref`. */
const REFS_BY_TYPE: Readonly<Partial<Record<ConnectorBody['type'], readonly string[]>>> = {
  Vault: ['authToken', 'secretId', 'xvaultAwsIamServerId'],
  AwsSecretManager: ['accessKey', 'secretKey'],
  AzureKeyVault: ['secretKey'],
};

/** Every secret reference in a connector's spec. Pure. */
export function secretRefsOf({ type, spec }: ConnectorBody): readonly SecretRefAt[] {
  const isRef = (key: string): boolean => key.endsWith('Ref') || REFS_BY_TYPE[type]?.includes(key) === true;
  const found: SecretRefAt[] = [];
  const visit = (value: unknown, field: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const path = `${field}.${key}`;
      if (typeof inner === 'string' && inner !== '' && isRef(key)) found.push({ field: path, ref: inner });
      else visit(inner, path);
    }
  };
  visit(spec, 'connector.spec');
  return found;
}

/**
 * A reference written in an entity at `from`, as it has to be written below it: `pw` of an org's connector is `org.pw` for a project.
 * @throws AppError INVALID_IDENTIFIER_REF
 */
export function requalify(ref: string, from: Scope): string {
  const { scope, identifier } = resolveRef(ref, from);
  return qualifiedRef(scope, identifier);
}

/** The expression a delegate asks to have sealed. */
export function secretExpressionOf(ref: string): string {
  return `<+secrets.getValue("${ref}")>`;
}

/** The reference inside `<+secrets.getValue("…")>`. @throws AppError INVALID_REQUEST */
export function refOfSecretExpression(expression: string): string {
  const ref = /^<\+secrets\.getValue\(["']([^"'<>]+)["']\)>$/.exec(expression)?.[1];
  if (!ref)
    throw new AppError(
      'INVALID_REQUEST',
      `"${expression}" is not a secret expression; write <+secrets.getValue("identifier")>`,
    );
  return ref;
}
