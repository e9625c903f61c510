import { createHash, randomBytes } from 'node:crypto';
import { newId, type RoleName } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { withClient } from '../harness/schema-dump.js';
import type { Sender } from './exchange.js';
import type { Visitor } from './expectations.js';
import { tokenBody } from './make-world.js';
import type { World } from './world.js';

/** Everybody who sends requests. */
export type Principals = Readonly<Record<Visitor | 'administrator' | 'owner of another account', Sender>>;

const withKey = (key: string): Sender => ({ headers: { 'x-api-key': key } });

interface NewUser {
  readonly role: RoleName;
  readonly orgId?: string;
  readonly projectId?: string;
  readonly isDisabled?: boolean;
}

/**
 * Makes the people of the access walk. Tokens come from the public API; users from the database, because people arrive by sign-up,
 * which is no part of the API.
 */
export async function makePrincipals(stack: Stack, world: World): Promise<Principals> {
  const other = stack.accounts[1];
  if (!other) throw new Error('the stack has no second account');
  const database = stack.platformDatabaseUrl('ng_manager');
  const elsewhere = await anotherProject(world);
  const token = async (more: object): Promise<{ readonly identifier: string; readonly key: string }> => {
    const identifier = world.make.id('walk');
    const answer = (await world.make.call('POST', '/ng/api/token', { query: world.inAccount, body: { ...tokenBody(world, identifier), ...more } })) as { data: string };
    return { identifier, key: answer.data };
  };
  const [expired, revoked] = [await token({ validFrom: 1_000, validTo: 2_000 }), await token({})];
  await world.make.call('DELETE', `/ng/api/token/${revoked.identifier}`, { query: { ...world.inAccount, apiKeyType: 'USER', parentIdentifier: world.user.id, apiKeyIdentifier: world.apiKey } });
  const user = async (person: NewUser): Promise<Sender> => withKey(await addUser(database, world.account, person));
  return {
    administrator: withKey(stack.apiKey),
    'owner of another account': withKey(other.apiKey),
    'no key': { headers: {} },
    'garbage key': withKey(`pat.${world.account}.nobody.${'x'.repeat(32)}`),
    'expired key': withKey(expired.key),
    'revoked key': withKey(revoked.key),
    'disabled user': await user({ role: 'account_admin', isDisabled: true }),
    viewer: await user({ role: 'viewer' }),
    'admin of another project': await user({ role: 'project_admin', ...elsewhere }),
    'admin of another account': { headers: { 'x-api-key': other.apiKey, 'harness-account': world.account } },
  };
}

async function anotherProject({ make, inAccount }: World): Promise<{ readonly orgId: string; readonly projectId: string }> {
  const orgId = await make.organization();
  const projectId = make.id('elsewhere');
  await make.call('POST', '/ng/api/projects', { query: { ...inAccount, orgIdentifier: orgId }, body: { project: { identifier: projectId, orgIdentifier: orgId, name: 'Elsewhere' } } });
  return { orgId, projectId };
}

async function addUser(databaseUrl: string, account: string, { role, orgId, projectId, isDisabled }: NewUser): Promise<string> {
  const [userId, tokenId, secret] = [newId(), newId(), randomBytes(32).toString('base64url')];
  await withClient(databaseUrl, async (client) => {
    await client.query('INSERT INTO users (account_id, id, email, name, is_disabled) VALUES ($1, $2, $3, $4, $5)', [account, userId, `${userId}@example.com`, role, isDisabled ?? false]);
    await client.query('INSERT INTO role_bindings (account_id, user_id, role, org_id, project_id) VALUES ($1, $2, $3, $4, $5)', [account, userId, role, orgId ?? null, projectId ?? null]);
    await client.query(`INSERT INTO api_keys (account_id, user_id, identifier, name) VALUES ($1, $2, 'walk', 'Walk')`, [account, userId]);
    await client.query(`INSERT INTO api_tokens (account_id, id, user_id, api_key_identifier, identifier, name, secret_hash) VALUES ($1, $2, $3, 'walk', $2, 'Walk', $4)`, [account, tokenId, userId, createHash('sha256').update(secret).digest()]);
  });
  return `pat.${account}.${tokenId}.${secret}`;
}
