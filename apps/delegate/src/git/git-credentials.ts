import type { GitSource } from '@sluice/delegate-protocol';

/** Values to sign in with; all but a plain user name come from secrets and live only in the environment of one git process, a key in a file it alone reads. */
export interface GitCredentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly sshKey?: { readonly key: string; readonly passphrase: string | undefined } | undefined;
}

/** What to sign in to Git with: values of secrets, or the plain user name of the connector. */
export function credentialsOf(source: GitSource, values: ReadonlyMap<string, string>): GitCredentials {
  const valueOf = (expression: string | undefined): string | undefined =>
    expression === undefined ? undefined : values.get(expression);
  const key = valueOf(source.sshKeyExpression);
  return {
    username: valueOf(source.usernameExpression) ?? source.username,
    password: valueOf(source.passwordExpression),
    ...(key === undefined ? {} : { sshKey: { key, passphrase: valueOf(source.sshPassphraseExpression) } }),
  };
}

/** What must not show in a text. A user name is none of it: messages name it. */
export function secretsIn({ password, sshKey }: GitCredentials): string[] {
  return [password, sshKey?.key, sshKey?.passphrase].filter((value) => value !== undefined);
}
