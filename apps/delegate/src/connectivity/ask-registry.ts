import type { ServiceTarget } from '@sluice/delegate-protocol';
import { ask, basic, failed, jsonOf, type Answer } from './http-ask.js';
import type { slotReader } from './task-secrets.js';

type RegistryTarget = Extract<ServiceTarget, { type: 'docker-registry' }>;

const REGISTRY = 'the registry';

/**
 * The version check of the Docker registry protocol, with the token dance when the registry asks for it.
 * @returns what answered @throws AppError with a failure type
 */
export async function askRegistry(
  target: RegistryTarget,
  slots: ReturnType<typeof slotReader>,
  signal: AbortSignal,
): Promise<string> {
  const url = apiOf(target.url);
  const { host } = new URL(url);
  const username = slots.value(target.usernameSlot) ?? target.username;
  const password = slots.value(target.passwordSlot);
  const login = username !== undefined && password !== undefined ? basic(username, password) : undefined;
  const first = await ask({ whom: REGISTRY, url, signal });
  if (first.status === 200 && login === undefined) return productOf(first, host);
  const challenge = challengeOf(first);
  if (first.status !== 401 && first.status !== 200) throw refusal(first, host);
  const authorization =
    challenge?.scheme === 'bearer' ? `Bearer ${await tokenOf(url, challenge.parameters, login, signal)}` : login;
  if (authorization === undefined)
    throw failed(`the registry at ${host} asks for credentials, and the connector has none`, 'Authentication');
  const second = await ask({ whom: REGISTRY, url, headers: { authorization }, signal });
  if (second.status !== 200) throw refusal(second, host);
  return productOf(second, host);
}

/** `https://index.docker.io/v2/` and `https://registry.example` alike. */
function apiOf(url: string): string {
  if (!URL.canParse(url)) throw failed('dockerRegistryUrl of the connector is not a URL', 'Unknown');
  const parsed = new URL(url);
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\/v[12]$/, '');
  return `${parsed.origin}${path}/v2/`;
}

interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

function challengeOf({ headers }: Answer): Challenge | undefined {
  const text = headers['www-authenticate'];
  const [, scheme, rest = ''] = /^\s*([A-Za-z]+)\s*(.*)$/s.exec(text ?? '') ?? [];
  if (!scheme) return undefined;
  const parameters = Object.fromEntries(
    [...rest.matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  return { scheme: scheme.toLowerCase(), parameters };
}

/** The registry names who gives tokens. Credentials go there only with TLS, unless the registry itself has none. */
async function tokenOf(
  registry: string,
  { realm = '', service, scope }: Readonly<Record<string, string>>,
  login: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { host, protocol } = new URL(registry);
  if (!URL.canParse(realm)) throw failed(`the registry at ${host} names no place to get a token from`, 'Connectivity');
  const url = new URL(realm);
  if (url.protocol !== 'https:' && (protocol === 'https:' || url.protocol !== 'http:'))
    throw failed(
      `the registry at ${host} wants a token from ${url.host} without TLS; the credentials are not sent there`,
      'Connectivity',
    );
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  const answer = await ask({
    whom: 'the token service of the registry',
    url: url.href,
    headers: login === undefined ? {} : { authorization: login },
    signal,
  });
  const { token, access_token: accessToken } = jsonOf(answer);
  const value = token ?? accessToken;
  if (answer.status === 200 && typeof value === 'string') return value;
  if (answer.status === 401 || answer.status === 403)
    throw failed(`the registry at ${host} refuses the user name or password of the connector`, 'Authentication');
  throw failed(
    `the token service of the registry at ${url.host} answers with status ${answer.status} and no token`,
    'Connectivity',
  );
}

function refusal({ status }: Answer, host: string): Error {
  if (status === 401)
    return failed(`the registry at ${host} refuses the user name or password of the connector`, 'Authentication');
  if (status === 403)
    return failed(`the registry at ${host} denies access to the user of the connector`, 'Authorization');
  if (status >= 300 && status < 400)
    return failed(
      `the registry at ${host} answers with a redirection; put the address it leads to into dockerRegistryUrl`,
      'Connectivity',
    );
  if (status === 404) return failed(`there is no Docker registry at ${host}; check dockerRegistryUrl`, 'Unknown');
  return failed(`the registry at ${host} answers with status ${status}`, 'Connectivity');
}

function productOf({ headers }: Answer, host: string): string {
  const version = headers['docker-distribution-api-version'];
  return `Docker registry ${host}${typeof version === 'string' ? ` (${version.slice(0, 60)})` : ''}`;
}
