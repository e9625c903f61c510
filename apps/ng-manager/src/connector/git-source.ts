import type { GitSource } from '@sluice/delegate-protocol';
import { secretExpressionOf } from './connector-refs.js';
import type { GitAccess } from './git-access.js';
import type { SshKeyAccess } from './ssh-key-access.js';

/** A repository as a delegate is told of it: expressions instead of references. @param refOf rewrites a reference of the connector for where the task runs. Pure. */
export function gitSourceOf(
  access: GitAccess,
  sshKey: SshKeyAccess | undefined,
  refOf: (ref: string) => string,
): Omit<GitSource, 'name'> {
  const expression = (ref: string): string => secretExpressionOf(refOf(ref));
  // Where neither key nor address says as whom, it is the user Git hosts have for everybody.
  const username = access.username ?? sshKey?.username ?? (sshKey ? 'git' : undefined);
  return {
    url: access.url,
    ...(username ? { username } : {}),
    ...(access.usernameRef ? { usernameExpression: expression(access.usernameRef) } : {}),
    ...(access.passwordRef ? { passwordExpression: expression(access.passwordRef) } : {}),
    // Those of the key are written for every scope below already.
    ...(sshKey ? { sshKeyExpression: secretExpressionOf(sshKey.keyRef) } : {}),
    ...(sshKey?.passphraseRef ? { sshPassphraseExpression: secretExpressionOf(sshKey.passphraseRef) } : {}),
  };
}
