import type { ServiceTarget } from '@sluice/delegate-protocol';
import { ask, failed, jsonOf, type Answer } from './http-ask.js';
import type { slotReader } from './task-secrets.js';

type VaultTarget = Extract<ServiceTarget, { type: 'vault' }>;

const VAULT = 'Vault';
/** What `sys/health` says with its status alone. */
const READY = [200, 429, 472, 473];

/**
 * Looks at Vault's health, then uses the connector's token, or signs in with its AppRole and gives that token back.
 * @returns product and version @throws AppError with a failure type
 */
export async function askVault(
  { url, namespace, auth }: VaultTarget,
  slots: ReturnType<typeof slotReader>,
  signal: AbortSignal,
): Promise<string> {
  const base = `${url.replace(/\/+$/, '')}/v1`;
  const inNamespace: Record<string, string> = namespace ? { 'x-vault-namespace': namespace } : {};
  // Health lives in the root namespace only.
  const health = await ask({ whom: VAULT, url: `${base}/sys/health`, signal });
  const { host } = new URL(url);
  requireReady(health, host);
  const isAppRole = auth.type === 'appRole';
  const token = isAppRole
    ? await signIn(base, auth.roleId, slots.required(auth.secretIdSlot), inNamespace, signal)
    : slots.required(auth.tokenSlot).trim();
  const headers = { ...inNamespace, 'x-vault-token': token };
  const looked = await ask({ whom: VAULT, url: `${base}/auth/token/lookup-self`, headers, signal });
  if (isAppRole) await ask({ whom: VAULT, url: `${base}/auth/token/revoke-self`, method: 'POST', headers, signal });
  // A policy may keep a token from looking at itself; one that is not valid is refused with the same status.
  if (looked.status === 403)
    throw failed(
      `Vault at ${host} refuses the token of the connector${isAppRole ? '' : ', or does not let it look at itself'}`,
      'Authentication',
    );
  if (looked.status !== 200)
    throw failed(`Vault at ${host} answers the question for the token with status ${looked.status}`, 'Connectivity');
  const { version } = jsonOf(health);
  return `Vault${typeof version === 'string' ? ` ${version.slice(0, 60)}` : ''}`;
}

function requireReady({ status, text }: Answer, host: string): void {
  if (READY.includes(status)) return;
  if (status === 503) throw failed(`Vault at ${host} is sealed; unseal it first`, 'Connectivity');
  if (status === 501) throw failed(`Vault at ${host} is not initialised`, 'Connectivity');
  throw failed(
    `${host} does not answer like Vault (status ${status}${text === '' ? '' : ' to the question for its health'}); check vaultUrl`,
    'Unknown',
  );
}

async function signIn(
  base: string,
  roleId: string,
  secretId: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  const answer = await ask({
    whom: VAULT,
    url: `${base}/auth/approle/login`,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ role_id: roleId, secret_id: secretId.trim() }),
    signal,
  });
  const auth = jsonOf(answer)['auth'];
  const token = typeof auth === 'object' && auth !== null && 'client_token' in auth ? auth.client_token : undefined;
  if (answer.status === 200 && typeof token === 'string') return token;
  throw failed(
    `Vault at ${new URL(base).host} refuses the AppRole of the connector (status ${answer.status}); check appRoleId and the secret of secretId`,
    'Authentication',
  );
}
