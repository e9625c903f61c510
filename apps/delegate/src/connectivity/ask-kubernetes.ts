import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceTarget } from '@sluice/delegate-protocol';
import { ask, basic, failed, jsonOf, type Answer, type TlsMaterial } from './http-ask.js';
import type { slotReader } from './task-secrets.js';

type KubernetesTarget = Extract<ServiceTarget, { type: 'kubernetes' }>;
type Manual = NonNullable<KubernetesTarget['manual']>;
type Slots = ReturnType<typeof slotReader>;

/** The cluster the delegate itself runs in. */
export interface OwnCluster {
  readonly url: string;
  /** Folder with `token` and `ca.crt`. */
  readonly accountDir: string;
}

interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

const CLUSTER = 'the cluster';

/**
 * Asks a cluster who it is with the connector's identity, and then who that identity is where the cluster can tell.
 * @returns the product and its version @throws AppError with a failure type
 */
export async function askKubernetes(
  { manual }: KubernetesTarget,
  slots: Slots,
  own: OwnCluster | undefined,
  signal: AbortSignal,
): Promise<string> {
  const url = manual?.url ?? requireOwn(own).url;
  const { headers, tls } = manual ? await identityOf(manual, slots, signal) : await ownIdentity(requireOwn(own));
  const answer = await ask({ whom: CLUSTER, url: `${url.replace(/\/+$/, '')}/version`, headers, tls, signal });
  requireAccess(answer, url);
  const version = jsonOf(answer)['gitVersion'];
  if (typeof version !== 'string')
    throw failed(`${hostOf(url)} answers, but not like the API of a Kubernetes cluster; check masterUrl`, 'Unknown');
  return `Kubernetes ${version.slice(0, 60)}`;
}

function requireAccess({ status }: Answer, url: string): void {
  if (status === 401)
    throw failed(`the cluster at ${hostOf(url)} refuses the credentials of the connector`, 'Authentication');
  if (status === 403)
    throw failed(
      `the cluster at ${hostOf(url)} knows the credentials of the connector, but does not let them ask for its version`,
      'Authorization',
    );
  if (status >= 300 && status < 400)
    throw failed(
      `the cluster at ${hostOf(url)} answers with a redirection; put the address it leads to into masterUrl`,
      'Connectivity',
    );
  if (status !== 200) throw failed(`the cluster at ${hostOf(url)} answers with status ${status}`, 'Connectivity');
}

function requireOwn(own: OwnCluster | undefined): OwnCluster {
  if (own) return own;
  throw failed(
    'the connector inherits the identity of the delegate, but this delegate does not run inside a Kubernetes cluster; name a delegate that does in delegateSelectors, or use ManualConfig',
    'Unknown',
  );
}

async function ownIdentity({ accountDir }: OwnCluster): Promise<Identity> {
  const read = async (name: string): Promise<string> =>
    readFile(join(accountDir, name), 'utf8').catch(() => {
      throw failed(
        `the delegate runs in a cluster but has no service account there: ${join(accountDir, name)} cannot be read`,
        'Authentication',
      );
    });
  const [token, ca] = [await read('token'), await read('ca.crt')];
  return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
}

async function identityOf({ auth, caCertSlot }: Manual, slots: Slots, signal: AbortSignal): Promise<Identity> {
  const ca = slots.value(caCertSlot);
  switch (auth.type) {
    case 'basic':
      return {
        headers: {
          authorization: basic(
            slots.value(auth.usernameSlot) ?? auth.username ?? '',
            slots.value(auth.passwordSlot) ?? '',
          ),
        },
        tls: { ca },
      };
    case 'token':
      return { headers: { authorization: `Bearer ${slots.required(auth.tokenSlot).trim()}` }, tls: { ca } };
    case 'certificate':
      return {
        headers: {},
        tls: {
          ca,
          cert: slots.required(auth.certificateSlot),
          key: slots.required(auth.keySlot),
          passphrase: slots.value(auth.passphraseSlot),
        },
      };
    case 'openId':
      return { headers: { authorization: `Bearer ${await openIdToken(auth, slots, signal)}` }, tls: { ca } };
  }
}

/** Password grant at the issuer, whose token endpoint its own discovery document names. */
async function openIdToken(
  auth: Extract<Manual['auth'], { type: 'openId' }>,
  slots: Slots,
  signal: AbortSignal,
): Promise<string> {
  const whom = 'the OpenID issuer';
  const issuer = auth.issuerUrl.replace(/\/+$/, '');
  const found = jsonOf(await ask({ whom, url: `${issuer}/.well-known/openid-configuration`, signal }))[
    'token_endpoint'
  ];
  if (typeof found !== 'string' || !URL.canParse(found))
    throw failed(`${whom} at ${hostOf(issuer)} publishes no token endpoint; check oidcIssuerUrl`, 'Authentication');
  if (new URL(issuer).protocol === 'https:' && new URL(found).protocol !== 'https:')
    throw failed(
      `${whom} at ${hostOf(issuer)} names a token endpoint without TLS; the password is not sent there`,
      'Authentication',
    );
  const secret = slots.value(auth.clientSecretSlot);
  const form = new URLSearchParams({
    grant_type: 'password',
    client_id: slots.required(auth.clientIdSlot),
    ...(secret === undefined ? {} : { client_secret: secret }),
    username: slots.value(auth.usernameSlot) ?? auth.username ?? '',
    password: slots.value(auth.passwordSlot) ?? '',
    scope: auth.scopes ?? 'openid',
  });
  const answer = await ask({
    whom,
    url: found,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    signal,
  });
  const { id_token: idToken, access_token: accessToken, error } = jsonOf(answer);
  const token = idToken ?? accessToken;
  if (answer.status === 200 && typeof token === 'string') return token;
  throw failed(
    `${whom} at ${hostOf(found)} gives no token${typeof error === 'string' ? ` (${error.slice(0, 100)})` : ''}; check the OpenID user, password and client of the connector`,
    'Authentication',
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url.slice(0, 100);
}
