import { describe, expect, it } from '@jest/globals';
import { newId, waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { jdbcSpec, mcpOf, must, newPlace, terraformOf } from './fixtures.js';
import { McpClient, type Answer, type Place } from './requests.js';
import { path, property } from './rows.js';

/** The gateway remembers what a key may do for 5 s. */
const ROLES_COUNT_WITHIN_MS = 120_000;

/** What an account holds, and somebody who administers one of its projects. */
export function sharingScenarios(stack: () => Stack): void {
  describe('a secret of the account', () => {
    it('is used by the administrator of a project only once the account shares it with them', async () => {
      const { customerDatabase: database } = stack();
      const account = mcpOf(stack(), '', { org: 'default', project: 'none' });
      const place = await newPlace(account);
      const id = newId();
      const [secret, shared] = [`password_${id}`, `database_${id}`];
      const spec = jdbcSpec(database.jdbcUrl, database.username, `account.${secret}`);
      const value = {
        type: 'SecretText',
        name: secret,
        identifier: secret,
        spec: {
          type: 'SecretTextSpec',
          secretManagerIdentifier: 'harnessSecretManager',
          valueType: 'Inline',
          value: database.password,
        },
      };
      await must(terraformOf(stack()).send({ method: 'POST', path: '/ng/api/v2/secrets', body: { secret: value } }));
      await must(
        account.send({
          method: 'POST',
          path: '/ng/api/connectors',
          scope: 'A',
          body: { connector: { name: shared, identifier: shared, type: 'JDBC', spec } },
        }),
      );
      const person = await projectAdministrator(stack(), account, place);

      const refer = (identifier: string, passwordRef: string): Promise<Answer> =>
        person.client.send({
          method: 'POST',
          path: '/ng/api/connectors',
          scope: 'S',
          addsScopeTo: 'connector',
          body: {
            connector: {
              name: identifier,
              identifier,
              type: 'JDBC',
              spec: { ...spec, auth: { type: 'UsernamePassword', spec: { username: 'me', passwordRef } } },
            },
          },
        });
      const test = (): Promise<Answer> =>
        person.client.send({
          method: 'POST',
          path: `/ng/api/connectors/testConnection/${shared}`,
          scope: 'A',
          body: {},
        });

      const [refused, nothing] = [
        await refer('mine', `account.${secret}`),
        await refer('mine', `account.no_${secret}`),
      ];
      expect([refused.status, property(refused.body, 'message')]).toEqual([
        400,
        expect.stringMatching(
          `connector\\.spec\\.auth\\.spec\\.passwordRef: there is no secret "${secret}" .* may use.*Resource User`,
        ),
      ]);
      // Whether there is such a secret is not to be learnt.
      expect([nothing.status, property(nothing.body, 'message')]).toEqual([
        400,
        String(property(refused.body, 'message')).replace(secret, `no_${secret}`),
      ]);
      expect((await person.client.send({ method: 'GET', path: '/ng/api/connectors/mine', scope: 'S' })).status).toBe(
        404,
      );
      expect((await test()).status).toBe(403);

      await must(
        account.send({
          method: 'POST',
          path: '/ng/api/role-assignments',
          scope: 'A',
          body: { roleIdentifier: '_resource_user', principal: { identifier: person.uuid, type: 'USER' } },
        }),
      );
      await waitFor(async () => (await refer('mine', `account.${secret}`)).status === 200, {
        timeoutMs: ROLES_COUNT_WITHIN_MS,
        what: 'the role Resource User counts',
      });
      expect(await must(test())).toMatchObject({ status: 'SUCCESS' });
    });
  });
}

/** A new user with no right but to administer the project of `place`. */
async function projectAdministrator(
  { gatewayUrl }: Stack,
  account: McpClient,
  place: Place,
): Promise<{ readonly uuid: string; readonly client: McpClient }> {
  const id = newId();
  const created = await must(
    account.send({
      method: 'POST',
      path: '/ng/api/user',
      scope: 'A',
      body: { email: `insider-${id.toLowerCase()}@example.com`, name: 'Insider' },
    }),
  );
  const uuid = String(path(created, 'uuid'));
  await must(
    account
      .at(place)
      .send({
        method: 'POST',
        path: '/ng/api/role-assignments',
        scope: 'S',
        body: { roleIdentifier: '_project_admin', principal: { identifier: uuid, type: 'USER' } },
      }),
  );
  await must(
    account.send({
      method: 'POST',
      path: '/ng/api/apikey',
      scope: 'A',
      body: { identifier: 'key', name: 'Key', apiKeyType: 'USER', parentIdentifier: uuid },
    }),
  );
  const key = await must(
    account.send({
      method: 'POST',
      path: '/ng/api/token',
      scope: 'A',
      body: { identifier: 'token', name: 'Token', apiKeyType: 'USER', apiKeyIdentifier: 'key', parentIdentifier: uuid },
    }),
  );
  return { uuid, client: new McpClient(gatewayUrl, String(key), place) };
}
