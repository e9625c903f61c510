import { beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { gitSpec, jdbcSpec, mcpOf, must, newPlace, putSecret, terraformOf } from './fixtures.js';
import { pipelineWithInput } from './pipeline-texts.js';
import type { Answer, TerraformClient } from './requests.js';
import { dataOf, path, property } from './rows.js';
import { ACCESS } from './access-resources.js';
import {
  CONNECTORS,
  DATABASES,
  PIPELINES,
  SECRETS,
  inputSetResource,
  platformResources,
  type Resource,
  type Surroundings,
} from './terraform-resources.js';

/** By these codes the provider drops what it read from its state; with any other it fails. */
const GONE = ['RESOURCE_NOT_FOUND_EXCEPTION', 'ENTITY_NOT_FOUND'];

/** api-contract 7.5: every resource is made, changed and destroyed as the provider does it, and no plan in between shows a difference. */
export function terraformScenarios(stack: () => Stack): void {
  describe('Terraform', () => {
    let around: Surroundings | undefined;
    const at = (): Surroundings => {
      if (!around) throw new Error('there is no project yet');
      return around;
    };
    const terraform = (): TerraformClient => terraformOf(stack());
    const send = (request: Parameters<TerraformClient['send']>[0]): Promise<Answer> => terraform().send(request);

    /** What resources refer to. */
    beforeAll(async () => {
      const anywhere = mcpOf(stack(), '', { org: 'default', project: 'none' });
      const place = await newPlace(anywhere);
      const mcp = anywhere.at(place);
      await putSecret(terraform(), place, 'ref', 'value');
      await must(
        send({
          method: 'POST',
          path: '/ng/api/v2/secrets',
          body: {
            secret: {
              type: 'SecretText',
              name: 'ref',
              identifier: 'ref',
              spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'v' },
            },
          },
        }),
      );
      const connectors = [
        { identifier: 'git', type: 'Git', spec: gitSpec('http://git.example/orders.git') },
        { identifier: 'jdbc', type: 'JDBC', spec: jdbcSpec('jdbc:postgresql://db.example:5432/orders', 'app', 'ref') },
      ];
      for (const connector of connectors)
        await must(
          mcp.send({
            method: 'POST',
            path: '/ng/api/connectors',
            scope: 'S',
            addsScopeTo: 'connector',
            body: { connector: { name: connector.identifier, ...connector } },
          }),
        );
      await must(
        mcp.send({
          method: 'POST',
          path: '/dbops/v1/orgs/{org}/projects/{project}/dbschema',
          scope: 'S',
          body: {
            identifier: 'orders',
            name: 'Orders',
            type: 'Repository',
            migrationType: 'Liquibase',
            changelog: { connector: 'git', location: 'changelog.xml' },
          },
        }),
      );
      await must(
        mcp.send({
          method: 'POST',
          path: '/pipeline/api/pipelines/v2',
          scope: 'S',
          yaml: stringify(pipelineWithInput('with_input', { schema: 'orders', instance: 'prod', url: '' })),
        }),
      );
      await must(secretFileOf(terraform(), place.org, place.project));
      around = { ...place, pipeline: 'with_input' };
    });

    const suffix = newId();
    it.each(
      [...platformResources(suffix), ...ACCESS, ...SECRETS, ...CONNECTORS, ...DATABASES, ...PIPELINES].map(
        (resource) => ({ type: resource.type, resource }),
      ),
    )('$type: made, changed and destroyed without a difference', ({ resource }) => lifeOf(send, resource, at()));
    it('platform_input_set: made, changed and destroyed without a difference', () =>
      lifeOf(send, inputSetResource(at()), at()));

    it('platform_secret_text by reference keeps its path, which is no secret', async () => {
      const { org, project } = at();
      const scope = { orgIdentifier: org, projectIdentifier: project };
      const vault = CONNECTORS.find(({ type }) => type === 'platform_connector_vault');
      if (!vault) throw new Error('there is no vault connector');
      dataOf(await send(vault.create(at(), vault.first)));
      const secret = {
        type: 'SecretText',
        identifier: 'tf_reference',
        name: 'Reference',
        ...scope,
        spec: {
          type: 'SecretTextSpec',
          secretManagerIdentifier: 'tf_vault',
          valueType: 'Reference',
          value: 'orders/password#value',
        },
      };
      dataOf(await send({ method: 'POST', path: '/ng/api/v2/secrets', query: scope, body: { secret } }));
      const read = await send({ method: 'GET', path: '/ng/api/v2/secrets/tf_reference', query: scope });
      expect(path(read.body, 'data', 'secret')).toMatchObject({
        identifier: 'tf_reference',
        spec: { secretManagerIdentifier: 'tf_vault', valueType: 'Reference', value: 'orders/password#value' },
      });
    });

    it.each([
      ['organizations', 'organization'],
      ['projects', 'project'],
    ])('finds %s by name through the list', async (collection, key) => {
      const name = key === 'project' ? at().project : at().org;
      const page = dataOf(
        await send({
          method: 'GET',
          path: `/ng/api/${collection}`,
          query: {
            searchTerm: name,
            pageIndex: 0,
            pageSize: 2,
            ...(key === 'project' ? { orgIdentifier: at().org } : {}),
          },
        }),
      );
      expect(property(page, 'content')).toMatchObject([{ [key]: { identifier: name, name: 'Clients' } }]);
    });

    it('platform_delegatetoken: made by name in the query, read by filter, revoked instead of changed and destroyed', async () => {
      const name = `tf_${suffix}`;
      const scope = { orgIdentifier: at().org, projectIdentifier: at().project };
      const root = '/ng/api/delegate-token-ng';
      const made = await send({ method: 'POST', path: root, query: { ...scope, tokenName: name } });
      expect(made).toMatchObject({
        status: 200,
        body: {
          resource: {
            name,
            accountId: terraform().account,
            status: 'ACTIVE',
            value: expect.any(String),
            createdAt: expect.any(Number),
            createdBy: { name: expect.any(String) },
            createdByNgUser: { type: 'USER', name: expect.any(String) },
          },
        },
      });
      const read = (status: string): Promise<Answer> =>
        send({ method: 'GET', path: root, query: { ...scope, name, status } });
      expect((await read('ACTIVE')).body).toMatchObject({
        resource: [{ name, status: 'ACTIVE', createdByNgUser: { type: 'USER' } }],
      });
      expect((await send({ method: 'PUT', path: root, query: { ...scope, tokenName: name } })).body).toMatchObject({
        resource: { name, status: 'REVOKED', createdByNgUser: { type: 'USER' } },
      });
      expect((await read('REVOKED')).body).toMatchObject({ resource: [{ name, status: 'REVOKED' }] });
      expect((await read('ACTIVE')).body).toMatchObject({ resource: [] });
    });

    it('platform_user and platform_role_assignments: added with a group and a role, renamed, bound again with another role, removed from the project', async () => {
      const scope = { orgIdentifier: at().org, projectIdentifier: at().project };
      const email = `tf_${suffix}@example.com`.toLowerCase();
      const role = {
        roleIdentifier: '_project_viewer',
        roleName: 'Project Viewer',
        resourceGroupIdentifier: '_all_project_level_resources',
        resourceGroupName: 'All Project Level Resources',
        managedRole: true,
      };
      const found = async (): Promise<unknown> =>
        dataOf(await send({ method: 'POST', path: '/ng/api/user/aggregate', query: { ...scope, searchTerm: email } }));
      expect(
        dataOf(
          await send({
            method: 'POST',
            path: '/ng/api/user/users',
            query: scope,
            body: { emails: [email], userGroups: ['_project_all_users'], roleBindings: [role] },
          }),
        ),
      ).toEqual({ addUserResponseMap: { [email]: 'USER_ADDED_SUCCESSFULLY' } });
      const page = await found();
      expect(page).toMatchObject({
        empty: false,
        content: [
          {
            user: { email, locked: false, disabled: false, externallyManaged: false },
            roleAssignmentMetadata: [{ roleIdentifier: '_project_viewer' }],
          },
        ],
      });
      const uuid = String(path(page, 'content', '0', 'user', 'uuid'));
      expect(
        dataOf(await send({ method: 'PUT', path: '/ng/api/user', body: { uuid, name: 'Terraformed' } })),
      ).toMatchObject({ uuid, name: 'Terraformed', email });

      const root = '/authz/api/roleassignments';
      const assignment = (roleIdentifier: string): object => ({
        identifier: 'tf_assignment',
        resourceGroupIdentifier: '_all_project_level_resources',
        roleIdentifier,
        principal: { scopeLevel: '', identifier: uuid, type: 'USER' },
        roleReference: { scopeLevel: 'project', identifier: roleIdentifier },
      });
      const shown = (roleIdentifier: string): object => ({
        roleAssignment: {
          identifier: 'tf_assignment',
          roleIdentifier,
          resourceGroupIdentifier: '_all_project_level_resources',
          principal: { identifier: uuid, type: 'USER' },
          roleReference: { scopeLevel: 'project', identifier: roleIdentifier },
          disabled: false,
          managed: false,
        },
      });
      expect(
        dataOf(await send({ method: 'POST', path: root, query: scope, body: assignment('_pipeline_executor') })),
      ).toMatchObject(shown('_pipeline_executor'));
      dataOf(await send({ method: 'DELETE', path: `${root}/tf_assignment`, query: scope }));
      expect(
        dataOf(await send({ method: 'POST', path: root, query: scope, body: assignment('_project_admin') })),
      ).toMatchObject(shown('_project_admin'));
      expect(dataOf(await send({ method: 'GET', path: `${root}/tf_assignment`, query: scope }))).toMatchObject(
        shown('_project_admin'),
      );

      expect(dataOf(await send({ method: 'DELETE', path: `/ng/api/user/${uuid}`, query: scope }))).toBe(true);
      expect(await found()).toMatchObject({ empty: true, content: [] });
      expect(GONE).toContain(
        property((await send({ method: 'GET', path: `${root}/tf_assignment`, query: scope })).body, 'code'),
      );
    });

    it('platform_delegate_list and platform_delegate_default_version', async () => {
      expect(
        (
          await send({
            method: 'POST',
            path: '/ng/api/delegate-setup/listDelegates',
            body: { filterType: 'Delegate', status: 'CONNECTED' },
          })
        ).body,
      ).toMatchObject({ resource: [{ type: expect.any(String), name: expect.any(String), connected: true }] });
      expect(
        (await send({ method: 'GET', path: '/ng/api/delegate-setup/latest-supported-version' })).body,
      ).toMatchObject({
        resource: { latestSupportedVersion: expect.any(String), latestSupportedMinimalVersion: expect.any(String) },
      });
    });

    it('platform_current_user, platform_apikey and platform_token', async () => {
      const user = dataOf(await send({ method: 'GET', path: '/ng/api/user/currentUser' }));
      expect(user).toMatchObject({
        uuid: expect.any(String),
        name: expect.any(String),
        email: expect.any(String),
        defaultAccountId: terraform().account,
        accounts: expect.any(Array),
        admin: expect.any(Boolean),
        locked: false,
        disabled: false,
      });
      const owner = { apiKeyType: 'USER', parentIdentifier: String(property(user, 'uuid')) };
      const key = {
        identifier: `tf_${suffix}`,
        name: 'Key',
        description: 'D',
        tags: { a: 'b' },
        ...owner,
        defaultTimeToExpireToken: 86_400_000,
        accountIdentifier: terraform().account,
      };
      expect(dataOf(await send({ method: 'POST', path: '/ng/api/apikey', body: key }))).toMatchObject(key);
      const changed = { ...key, name: 'Renamed', defaultTimeToExpireToken: 3_600_000 };
      // The provider puts the account into the path, and nothing into the query.
      expect(
        dataOf(
          await send({
            method: 'PUT',
            path: `/ng/api/apikey/${terraform().account}`,
            query: { accountIdentifier: undefined },
            body: changed,
          }),
        ),
      ).toMatchObject(changed);
      const readKey = (): Promise<Answer> =>
        send({ method: 'GET', path: `/ng/api/apikey/aggregate/${key.identifier}`, query: owner });
      expect(dataOf(await readKey())).toMatchObject({ apiKey: changed });

      const token = {
        identifier: 'tf_token',
        name: 'Token',
        description: 'D',
        tags: { a: 'b' },
        ...owner,
        apiKeyIdentifier: key.identifier,
        accountIdentifier: terraform().account,
        validTo: Date.now() + 3_600_000,
      };
      const value = dataOf(await send({ method: 'POST', path: '/ng/api/token', body: token }));
      dataOf(await send({ method: 'POST', path: '/ng/api/token', body: { ...token, identifier: 'tf_other' } }));
      expect(value).toMatch(new RegExp(`^pat\\.${terraform().account}\\.`));
      const ofKey = { ...owner, apiKeyIdentifier: key.identifier };
      const readTokens = async (): Promise<unknown> =>
        property(
          dataOf(
            await send({
              method: 'GET',
              path: '/ng/api/token/aggregate',
              query: { ...ofKey, identifiers: 'tf_token' },
            }),
          ),
          'content',
        );
      expect(await readTokens()).toMatchObject([
        { token: { ...token, valid: true, email: null, username: null, encodedPassword: null } },
      ]);
      expect(
        dataOf(await send({ method: 'PUT', path: '/ng/api/token/tf_token', body: { ...token, name: 'Renamed' } })),
      ).toMatchObject({ ...token, name: 'Renamed' });
      const rotated = dataOf(
        await send({
          method: 'POST',
          path: '/ng/api/token/rotate/tf_token',
          query: { ...ofKey, rotateTimestamp: Date.now() },
        }),
      );
      expect(rotated).toMatch(/^pat\./);
      expect(rotated).not.toBe(value);
      expect(dataOf(await send({ method: 'DELETE', path: '/ng/api/token/tf_token', query: ofKey }))).toBe(true);
      expect(await readTokens()).toEqual([]);
      expect(dataOf(await send({ method: 'DELETE', path: `/ng/api/apikey/${key.identifier}`, query: owner }))).toBe(
        true,
      );
      expect(GONE).toContain(property((await readKey()).body, 'code'));
    });
  });
}

/** Everything the provider does with one resource, in the order of a life. */
async function lifeOf(
  send: (request: Parameters<TerraformClient['send']>[0]) => Promise<Answer>,
  resource: Resource,
  at: Surroundings,
): Promise<void> {
  const kept = (args: object): object => resource.kept?.(args, at) ?? args;
  const echoes = async (args: object, written: Answer): Promise<void> => {
    const said = dataOf(written);
    // A v1 pipeline answers its identifier alone and is read again; what it does say must agree.
    const state = resource.state(written.body);
    const common = Object.keys(kept(args)).filter((key) => property(state, key) !== undefined);
    expect(state).toMatchObject(pick(kept(args), common));
    expect(said).not.toBeNull();
    const read = await send(resource.read(at));
    dataOf(read);
    expect(resource.state(read.body)).toMatchObject(kept(args));
    for (const answer of [state, resource.state(read.body)])
      for (const key of resource.compared)
        expect({ [key]: unsent(property(answer, key), property(kept(args), key)) }).toEqual({ [key]: undefined });
  };
  await echoes(resource.first, await send(resource.create(at, resource.first)));
  await echoes(resource.second, await send(resource.update(at, resource.second)));
  const destroyed = await send(resource.destroy(at));
  expect([destroyed.status, destroyed.status < 300 ? '' : destroyed.text]).toEqual([expect.any(Number), '']);
  const gone = await send(resource.read(at));
  if (resource.goneBy === 'status') expect(gone.status).toBe(404);
  else expect([gone.status, GONE]).toEqual([404, expect.arrayContaining([property(gone.body, 'code')])]);
}

/** What a typed client finds in an answer besides what it sent; a value that decodes to nothing is none. */
function unsent(answered: unknown, sent: unknown): unknown {
  if (isEmpty(answered)) return undefined;
  if (sent === undefined || sent === null) return answered;
  if (typeof answered !== 'object' || typeof sent !== 'object' || Array.isArray(answered)) return undefined;
  const left = Object.entries(answered as object)
    .map(([key, value]) => [key, unsent(value, property(sent, key))] as const)
    .filter(([, value]) => value !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === false || value === 0;
}

function pick(value: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}

/** The key file that an SSH key refers to. */
async function secretFileOf(terraform: TerraformClient, org: string, project: string): Promise<Answer> {
  const scope = { orgIdentifier: org, projectIdentifier: project };
  const form = new FormData();
  form.append(
    'spec',
    JSON.stringify({
      secret: {
        type: 'SecretFile',
        identifier: 'tf_key',
        name: 'Key',
        ...scope,
        spec: { secretManagerIdentifier: 'harnessSecretManager' },
      },
    }),
  );
  form.append('file', new Blob(['-----BEGIN OPENSSH PRIVATE KEY-----\n']), 'id');
  return terraform.send({ method: 'POST', path: '/ng/api/v2/secrets/files', query: scope, form });
}
