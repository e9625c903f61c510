import type { Stack } from '@sluice/local-stack';
import { propertyOf } from './answers.js';
import type { Sender } from './exchange.js';
import type { Visitor } from './expectations.js';
import { tokenBody } from './make-world.js';
import type { World } from './world.js';

/** Everybody who sends requests. */
export type Principals = Readonly<Record<Visitor | 'administrator' | 'owner of another account', Sender>>;

const withKey = (key: string): Sender => ({ headers: { 'x-api-key': key } });

interface Place {
  readonly orgIdentifier?: string;
  readonly projectIdentifier?: string;
}

/** Makes the people of the access walk through the public API. */
export async function makePrincipals(stack: Stack, world: World): Promise<Principals> {
  const other = stack.accounts[1];
  if (!other) throw new Error('the stack has no second account');
  const { make, inAccount } = world;
  const own = { parentIdentifier: world.user.id, apiKeyIdentifier: world.apiKey };
  const expired = await token(world, own, { validFrom: 1_000, validTo: 2_000 });
  const revoked = await token(world, own);
  await make.call('DELETE', `/ng/api/token/${revoked.identifier}`, {
    query: { ...inAccount, apiKeyType: 'USER', ...own },
  });
  const disabled = await person(world, '_account_admin', {});
  await make.call('PUT', `/ng/api/user/${disabled.uuid}`, { query: inAccount, body: { disabled: true } });
  return {
    administrator: withKey(stack.apiKey),
    'owner of another account': withKey(other.apiKey),
    'no key': { headers: {} },
    'garbage key': withKey(`pat.${world.account}.nobody.${'x'.repeat(32)}`),
    'expired key': withKey(expired.key),
    'revoked key': withKey(revoked.key),
    'disabled user': withKey(disabled.key),
    viewer: withKey((await person(world, '_viewer', {})).key),
    'admin of another project': withKey((await person(world, '_project_admin', await anotherProject(world))).key),
    'admin of another account': { headers: { 'x-api-key': other.apiKey, 'harness-account': world.account } },
  };
}

async function token(
  world: World,
  owner: { readonly parentIdentifier: string; readonly apiKeyIdentifier: string },
  more: object = {},
): Promise<{ readonly identifier: string; readonly key: string }> {
  const identifier = world.make.id('walk');
  const answer = await world.make.call('POST', '/ng/api/token', {
    query: world.inAccount,
    body: { ...tokenBody(world, identifier), ...owner, ...more },
  });
  return { identifier, key: String(propertyOf(answer, 'data')) };
}

/** A new user with one role at one place, and a key of theirs. */
async function person(
  world: World,
  roleIdentifier: string,
  place: Place,
): Promise<{ readonly uuid: string; readonly key: string }> {
  const { make, inAccount } = world;
  const created = await make.call('POST', '/ng/api/user', {
    query: inAccount,
    body: { email: `${make.id('walker').toLowerCase()}@example.com`, name: roleIdentifier.slice(1) },
  });
  const uuid = String(propertyOf(propertyOf(created, 'data'), 'uuid'));
  await make.call('POST', '/ng/api/role-assignments', {
    query: { ...inAccount, ...place },
    body: { roleIdentifier, principal: { identifier: uuid, type: 'USER' } },
  });
  const apiKeyIdentifier = make.id('key');
  await make.call('POST', '/ng/api/apikey', {
    query: inAccount,
    body: { identifier: apiKeyIdentifier, name: 'Walk', apiKeyType: 'USER', parentIdentifier: uuid },
  });
  return { uuid, key: (await token(world, { parentIdentifier: uuid, apiKeyIdentifier })).key };
}

async function anotherProject({ make, inAccount }: World): Promise<Place> {
  const orgIdentifier = await make.organization();
  const projectIdentifier = make.id('elsewhere');
  await make.call('POST', '/ng/api/projects', {
    query: { ...inAccount, orgIdentifier },
    body: { project: { identifier: projectIdentifier, orgIdentifier, name: 'Elsewhere' } },
  });
  return { orgIdentifier, projectIdentifier };
}
