import { newId } from '@sluice/kernel';
import { z } from 'zod';
import type { Project } from './project.js';

const madeUser = z.looseObject({ data: z.looseObject({ uuid: z.string() }) });
const madeToken = z.looseObject({ data: z.string() });

/** A new user with one role in the project. @returns an API key of theirs */
export async function keyOfPersonWith(
  role: '_viewer' | '_pipeline_executor',
  { gateway, at, scope }: Project,
): Promise<string> {
  const inAccount = { accountIdentifier: gateway.accountId };
  const name = `person_${newId().toLowerCase()}`;
  const { uuid } = madeUser.parse(
    await gateway.call('POST', '/ng/api/user', {
      query: inAccount,
      body: { email: `${name}@${at.org}.example`, name },
    }),
  ).data;
  await gateway.call('POST', '/ng/api/role-assignments', {
    query: scope,
    body: { roleIdentifier: role, principal: { identifier: uuid, type: 'USER' } },
  });
  const owner = { apiKeyType: 'USER', parentIdentifier: uuid, ...inAccount };
  await gateway.call('POST', '/ng/api/apikey', { query: inAccount, body: { identifier: name, name, ...owner } });
  return madeToken.parse(
    await gateway.call('POST', '/ng/api/token', {
      query: inAccount,
      body: { identifier: name, name, apiKeyIdentifier: name, ...owner },
    }),
  ).data;
}
