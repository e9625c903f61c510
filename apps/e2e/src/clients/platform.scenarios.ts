import { beforeAll, describe, expect } from '@jest/globals';
import { newId } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { BASES, jdbcSpec, mcpOf, must, newPlace, putSecret, terraformOf } from './fixtures.js';
import type { McpClient, Place } from './requests.js';
import { property, testRows, type Row } from './rows.js';

const ANY = expect.anything();
const CONNECTION = { status: expect.stringMatching(/^(SUCCESS|FAILURE|PARTIAL|UNKNOWN)$/) };

/** api-contract 7.1, row by row. */
export function platformScenarios(stack: () => Stack): void {
  describe.each(BASES)('the MCP client on the platform, $what', ({ path }) => {
    let client: McpClient | undefined;
    const mcp = (): McpClient => {
      if (!client) throw new Error('there is no client yet');
      return client;
    };
    const id = newId();

    beforeAll(async () => {
      const anywhere = mcpOf(stack(), path, { org: 'default', project: 'none' });
      const user = await must(anywhere.send({ method: 'GET', path: '/ng/api/user/currentUser', scope: 'A' }));
      client = anywhere.at(await newPlace(anywhere)).knowing({ user: String(property(user, 'uuid')) });
      await putSecret(terraformOf(stack()), client.place, 'db_password', stack().customerDatabase.password);
    });

    testRows(mcp, organizationRows(`o_${id}`));
    testRows(mcp, projectRows(`p_${id}`));
    testRows(mcp, connectorRows());
    testRows(mcp, otherRows(`tok_${id}`));
    testRows(mcp, newerRows(`new_${id}`));
  });

  describe('what the MCP client diagnoses', () => {
    let client: McpClient | undefined;
    let place: Place;
    const mcp = (): McpClient => {
      if (!client) throw new Error('there is no client yet');
      return client;
    };
    beforeAll(async () => {
      const anywhere = mcpOf(stack(), '', { org: 'default', project: 'none' });
      place = await newPlace(anywhere);
      client = anywhere.at(place);
      const { customerDatabase: database } = stack();
      await putSecret(terraformOf(stack()), place, 'good_password', database.password);
      await putSecret(terraformOf(stack()), place, 'bad_password', 'not-it');
      for (const [identifier, password] of [
        ['good', 'good_password'],
        ['bad', 'bad_password'],
      ] as const) {
        await must(
          mcp().send({
            method: 'POST',
            path: '/ng/api/connectors',
            scope: 'S',
            addsScopeTo: 'connector',
            body: {
              connector: {
                name: identifier,
                identifier,
                type: 'JDBC',
                spec: jdbcSpec(database.jdbcUrl, database.username, password),
              },
            },
          }),
        );
      }
    });

    testRows(mcp, [
      {
        name: 'connector.test_connection that works, done by a delegate',
        method: 'POST',
        path: '/ng/api/connectors/testConnection/good',
        scope: 'S',
        addsScopeTo: '',
        body: {},
        extracts: 'NG',
        expected: { status: 'SUCCESS', testedAt: expect.any(Number), delegateId: expect.any(String) },
      },
      {
        name: 'diagnose: connector.get after it',
        method: 'GET',
        path: '/ng/api/connectors/good',
        scope: 'S',
        extracts: 'NG',
        expected: {
          connector: { identifier: 'good' },
          status: { status: 'SUCCESS', lastTestedAt: expect.any(Number), lastConnectedAt: expect.any(Number) },
        },
      },
      {
        name: 'connector.test_connection that does not',
        method: 'POST',
        path: '/ng/api/connectors/testConnection/bad',
        scope: 'S',
        addsScopeTo: '',
        body: {},
        extracts: 'NG',
        expected: {
          status: 'FAILURE',
          errorSummary: expect.stringMatching(/password authentication failed/),
          errors: [{ message: expect.any(String), reason: expect.any(String) }],
        },
      },
      {
        name: 'diagnose: connector.get after it',
        method: 'GET',
        path: '/ng/api/connectors/bad',
        scope: 'S',
        extracts: 'NG',
        expected: {
          status: {
            status: 'FAILURE',
            errorSummary: expect.stringMatching(/password authentication failed/),
            lastTestedAt: expect.any(Number),
          },
        },
      },
      {
        name: 'diagnose: delegate.list with all',
        method: 'POST',
        path: '/ng/api/delegate-setup/listDelegates',
        scope: 'A',
        query: { all: true },
        body: { filterType: 'Delegate' },
        extracts: 'NG',
        expected: {
          resource: [
            {
              name: expect.any(String),
              connected: true,
              lastHeartBeat: expect.any(Number),
              delegateReplicas: [{ uuid: expect.any(String), lastHeartbeat: expect.any(Number), connected: true }],
            },
          ],
        },
      },
    ]);
  });
}

function organizationRows(org: string): Row[] {
  const one = `/ng/api/organizations/${org}`;
  const body = {
    organization: { identifier: org, name: `Org ${org}`, description: 'made by a client', tags: { team: 'data' } },
  };
  const listed = {
    items: [{ organization: body.organization, createdAt: expect.any(Number), lastModifiedAt: expect.any(Number) }],
    total: 1,
  };
  return [
    {
      name: 'organization.create',
      method: 'POST',
      path: '/ng/api/organizations',
      scope: 'A',
      body,
      extracts: 'NG organization',
      expected: body.organization,
    },
    {
      name: 'organization.list',
      method: 'GET',
      path: '/ng/api/organizations',
      scope: 'A',
      query: { searchTerm: org, pageIndex: 0, pageSize: 20 },
      extracts: 'PAGE',
      expected: listed,
    },
    {
      name: 'organization.list by identifiers, sorted',
      method: 'GET',
      path: '/ng/api/organizations',
      scope: 'A',
      query: { identifiers: org, sortOrders: 'name,ASC', pageToken: '', pageIndex: 0, pageSize: 20 },
      extracts: 'PAGE',
      expected: listed,
    },
    {
      name: 'organization.get',
      method: 'GET',
      path: one,
      scope: 'A',
      extracts: 'NG organization',
      expected: body.organization,
    },
    {
      name: 'organization.update',
      method: 'PUT',
      path: one,
      scope: 'A',
      body: { organization: { ...body.organization, name: 'Renamed' } },
      extracts: 'NG organization',
      expected: { ...body.organization, name: 'Renamed' },
    },
    { name: 'organization.delete', method: 'DELETE', path: one, scope: 'A', extracts: 'NG', expected: true },
    {
      name: 'organization.get of what is gone',
      method: 'GET',
      path: one,
      scope: 'A',
      status: 404,
      extracts: 'RAW',
      expected: {
        status: 'FAILURE',
        code: expect.any(String),
        message: expect.any(String),
        correlationId: expect.any(String),
      },
    },
  ];
}

function projectRows(project: string): Row[] {
  const one = `/ng/api/projects/${project}`;
  const body = {
    project: {
      identifier: project,
      name: `Project ${project}`,
      description: 'D',
      color: '#0063F7',
      modules: ['DBOPS'],
      tags: { a: 'b' },
    },
  };
  return [
    {
      name: 'project.create',
      method: 'POST',
      path: '/ng/api/projects',
      scope: 'AO',
      body,
      addsScopeTo: 'project',
      extracts: 'NG project',
      expected: body.project,
    },
    {
      name: 'project.list of the whole account',
      method: 'GET',
      path: '/ng/api/projects',
      scope: 'A',
      query: { searchTerm: project, pageIndex: 0, pageSize: 20 },
      extracts: 'PAGE',
      expected: { items: [{ project: body.project }], total: 1 },
    },
    {
      name: 'project.list of an organization',
      method: 'GET',
      path: '/ng/api/projects',
      scope: 'AO',
      query: {
        hasModule: true,
        identifiers: project,
        moduleType: 'DBOPS',
        onlyFavorites: false,
        sortOrders: 'lastModifiedAt,DESC',
        pageIndex: 0,
        pageSize: 20,
      },
      extracts: 'PAGE',
      expected: { items: [{ project: body.project }], total: 1 },
    },
    { name: 'project.get', method: 'GET', path: one, scope: 'AO', extracts: 'NG project', expected: body.project },
    {
      name: 'project.update',
      method: 'PUT',
      path: one,
      scope: 'AO',
      body: { project: { ...body.project, name: 'Renamed' } },
      addsScopeTo: 'project',
      extracts: 'NG project',
      expected: { ...body.project, name: 'Renamed' },
    },
    { name: 'project.delete', method: 'DELETE', path: one, scope: 'AO', extracts: 'NG', expected: true },
  ];
}

function connectorRows(): Row[] {
  const root = '/ng/api/connectors';
  const connector = {
    name: 'Orders database',
    identifier: 'orders_jdbc',
    description: 'D',
    tags: { a: 'b' },
    type: 'JDBC',
    spec: jdbcSpec('jdbc:postgresql://db.example:5432/orders?sslmode=disable', 'app', 'db_password'),
  };
  const write = { scope: 'S', body: { connector }, addsScopeTo: 'connector' } as const;
  const stored = { connector, createdAt: expect.any(Number), lastModifiedAt: expect.any(Number) };
  const list = { method: 'POST', path: `${root}/listV2`, scope: 'S', addsScopeTo: '', extracts: 'PAGE' } as const;
  return [
    { name: 'connector.create', method: 'POST', path: root, ...write, extracts: 'NG', expected: stored },
    { name: 'connector.get', method: 'GET', path: `${root}/orders_jdbc`, scope: 'S', extracts: 'NG', expected: stored },
    {
      name: 'connector.list',
      ...list,
      query: { searchTerm: 'orders', pageIndex: 0, pageSize: 20 },
      body: { filterType: 'Connector', types: ['JDBC'], categories: ['DATABASE'] },
      expected: { items: [stored], total: 1 },
    },
    {
      name: 'connector.list with all it can reach',
      ...list,
      query: { includeAllConnectorsAvailableAtScope: true, pageIndex: 0, pageSize: 20 },
      body: {
        filterType: 'Connector',
        connectorNames: ['Orders database'],
        connectorIdentifiers: ['orders_jdbc'],
        connectivityStatuses: [],
        connectorConnectivityModes: ['DELEGATE'],
        inheritingCredentialsFromDelegate: false,
        tags: { a: 'b' },
      },
      expected: { items: [{ connector: { identifier: 'orders_jdbc' } }], total: 1 },
    },
    {
      name: 'connector.update with a stray key',
      method: 'PUT',
      path: root,
      scope: 'S',
      addsScopeTo: 'connector',
      body: { connector: { ...connector, name: 'Renamed', connectionType: 'JDBC' } },
      extracts: 'NG',
      expected: { connector: { ...connector, name: 'Renamed' } },
    },
    {
      name: 'connector.test_connection of one nobody can reach',
      method: 'POST',
      path: `${root}/testConnection/orders_jdbc`,
      scope: 'S',
      body: {},
      addsScopeTo: '',
      extracts: 'NG',
      expected: { ...CONNECTION, errorSummary: expect.any(String), errors: [ANY] },
    },
    {
      name: 'connector_catalogue.list',
      method: 'GET',
      path: `${root}/catalogue`,
      scope: 'A',
      extracts: 'NG',
      expected: {
        catalogue: expect.arrayContaining([{ category: 'DATABASE', connectors: expect.arrayContaining(['JDBC']) }]),
      },
    },
    {
      name: 'connector.delete',
      method: 'DELETE',
      path: `${root}/orders_jdbc`,
      scope: 'S',
      extracts: 'NG',
      expected: true,
    },
    {
      name: 'secret.list',
      method: 'POST',
      path: '/ng/api/v2/secrets/list/secrets',
      scope: 'S',
      query: { pageIndex: 0, pageSize: 20 },
      body: {
        filterType: 'Secret',
        secretTypes: ['SecretText'],
        searchTerm: 'db_pass',
        includeAllSecretsAccessibleAtScope: false,
      },
      addsScopeTo: '',
      extracts: 'PAGE',
      expected: {
        items: [
          {
            secret: {
              identifier: 'db_password',
              type: 'SecretText',
              spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline' },
            },
            createdAt: expect.any(Number),
            updatedAt: expect.any(Number),
            draft: false,
          },
        ],
        total: 1,
      },
    },
    {
      name: 'secret.get',
      method: 'GET',
      path: '/ng/api/v2/secrets/db_password',
      scope: 'S',
      extracts: 'NG',
      expected: {
        secret: {
          identifier: 'db_password',
          name: 'db_password',
          type: 'SecretText',
          spec: expect.not.objectContaining({ value: expect.any(String) }),
        },
      },
    },
  ];
}

function otherRows(token: string): Row[] {
  const tokens = '/ng/api/delegate-token-ng';
  const shown = { name: token, status: 'ACTIVE', value: expect.any(String) };
  return [
    {
      name: 'delegate.list of the account',
      method: 'POST',
      path: '/ng/api/delegate-setup/listDelegates',
      scope: 'A',
      body: { filterType: 'Delegate' },
      extracts: 'NG',
      expected: {
        resource: expect.arrayContaining([
          expect.objectContaining({
            type: expect.any(String),
            name: expect.any(String),
            tags: expect.any(Array),
            connected: true,
            delegateReplicas: expect.any(Array),
          }),
        ]),
      },
    },
    {
      name: 'delegate.list of a project',
      method: 'POST',
      path: '/ng/api/delegate-setup/listDelegates',
      scope: 'S',
      body: { filterType: 'Delegate', status: 'CONNECTED' },
      addsScopeTo: '',
      extracts: 'NG',
      expected: { resource: expect.any(Array) },
    },
    {
      name: 'delegate_token.create',
      method: 'POST',
      path: tokens,
      scope: 'S',
      body: { name: token },
      addsScopeTo: '',
      extracts: 'NG',
      expected: { resource: shown },
    },
    {
      name: 'delegate_token.list',
      method: 'GET',
      path: tokens,
      scope: 'S',
      query: { name: token, status: 'ACTIVE' },
      extracts: 'NG',
      expected: { resource: [{ name: token, status: 'ACTIVE' }] },
    },
    {
      name: 'delegate_token.get',
      method: 'GET',
      path: `${tokens}/${token}`,
      scope: 'S',
      extracts: 'NG',
      expected: { resource: { name: token, status: 'ACTIVE' } },
    },
    {
      name: 'delegate_token.get_delegates',
      method: 'GET',
      path: `${tokens}/${token}/delegates`,
      scope: 'S',
      extracts: 'NG',
      expected: { resource: ANY },
    },
    {
      name: 'delegate_token.revoke',
      method: 'PUT',
      path: `${tokens}/${token}`,
      scope: 'S',
      query: { status: 'REVOKED' },
      extracts: 'NG',
      expected: { resource: { name: token, status: 'REVOKED' } },
    },
    {
      name: 'delegate_token.delete',
      method: 'DELETE',
      path: `${tokens}/${token}`,
      scope: 'S',
      extracts: 'NG',
      expected: ANY,
    },
    {
      name: 'setting.list',
      method: 'GET',
      path: '/ng/api/settings',
      scope: 'S',
      query: { category: 'CI', includeParentScopes: true },
      extracts: 'NG',
      expected: expect.arrayContaining([
        expect.objectContaining({
          setting: expect.objectContaining({
            identifier: expect.any(String),
            category: 'CI',
            valueType: expect.any(String),
          }),
        }),
      ]),
    },
    {
      name: 'setting.list without category',
      method: 'GET',
      path: '/ng/api/settings',
      scope: 'S',
      extracts: 'NG',
      expected: expect.arrayContaining([expect.objectContaining({ setting: expect.any(Object) })]),
    },
    {
      name: 'user.list',
      method: 'POST',
      path: '/ng/api/user/aggregate',
      scope: 'S',
      query: { pageIndex: 0, pageSize: 20 },
      body: { searchTerm: '' },
      extracts: 'PAGE',
      expected: {
        items: expect.arrayContaining([
          expect.objectContaining({
            user: expect.objectContaining({
              uuid: expect.any(String),
              email: expect.any(String),
              name: expect.any(String),
            }),
            roleAssignmentMetadata: expect.any(Array),
          }),
        ]),
        total: expect.any(Number),
      },
    },
    {
      name: 'entity schema',
      method: 'GET',
      path: '/ng/api/yaml-schema',
      scope: 'A',
      query: { entityType: 'Connectors', scope: 'account', identifier: 'x' },
      extracts: 'NG schema',
      expected: { type: 'object' },
    },
  ];
}

/** What newer clients ask otherwise than the contract's: delegates without a body or by name, tokens by query, one user with roles, sections of a schema. */
function newerRows(token: string): Row[] {
  const [delegates, tokens] = ['/ng/api/delegate-setup/listDelegates', '/ng/api/delegate-token-ng'];
  const S = { scope: 'S', extracts: 'RAW' } as const;
  const delegate = {
    name: expect.any(String),
    connected: true,
    lastHeartBeat: expect.any(Number),
    delegateReplicas: [{ uuid: expect.any(String), version: expect.any(String) }],
  };
  const shown = { name: token, status: 'ACTIVE' };
  const schema = (
    entityType: string,
    scope: 'account' | 'project',
  ): Pick<Row, 'method' | 'path' | 'scope' | 'query' | 'extracts'> => ({
    method: 'GET',
    path: '/ng/api/yaml-schema',
    scope: scope === 'account' ? 'A' : 'S',
    query: { entityType, scope, identifier: 'test' },
    extracts: 'NG schema',
  });
  const fields = {
    properties: { identifier: ANY, name: ANY, type: { enum: ANY }, spec: { type: 'object' } },
    required: expect.arrayContaining(['identifier', 'name', 'type']),
  };
  return [
    {
      name: 'organization.list of some',
      method: 'GET',
      path: '/ng/api/organizations',
      scope: 'A',
      query: { identifiers: 'nowhere, {org}', pageIndex: 0, pageSize: 20 },
      extracts: 'PAGE',
      expected: { items: [{ identifier: expect.any(String) }], total: 1 },
    },
    {
      name: 'project.list of some',
      method: 'GET',
      path: '/ng/api/projects',
      scope: 'AO',
      query: { identifiers: '{project},nowhere', pageIndex: 0, pageSize: 20 },
      extracts: 'PAGE',
      expected: { total: 1 },
    },
    {
      name: 'user.get',
      method: 'GET',
      path: '/ng/api/user/aggregate/{user}',
      scope: 'S',
      extracts: 'NG',
      expected: {
        user: { uuid: expect.any(String), email: expect.any(String), name: expect.any(String) },
        roleAssignmentMetadata: expect.any(Array),
      },
    },
    {
      name: 'delegate.list without a filter, so without a body',
      method: 'POST',
      path: delegates,
      scope: 'A',
      extracts: 'RAW',
      expected: { resource: [delegate] },
    },
    {
      name: 'delegate.list of a project without a body',
      method: 'POST',
      path: delegates,
      ...S,
      expected: { resource: [] },
    },
    {
      name: 'delegate.get of one there is not',
      method: 'POST',
      path: delegates,
      scope: 'A',
      query: { all: 'true' },
      body: { filterType: 'Delegate', delegateName: 'nowhere' },
      extracts: 'RAW',
      expected: { resource: [] },
    },
    {
      name: 'delegate_token.create by query',
      method: 'POST',
      path: tokens,
      ...S,
      query: { tokenName: token },
      expected: { resource: { ...shown, value: expect.any(String) } },
    },
    {
      name: 'delegate_token.get by query',
      method: 'GET',
      path: tokens,
      ...S,
      query: { name: token },
      expected: { resource: [shown] },
    },
    {
      name: 'delegate_token.get_delegates by query',
      method: 'GET',
      path: `${tokens}/delegate-groups`,
      ...S,
      query: { delegateTokenName: token },
      expected: { resource: { delegateGroupDetails: [] } },
    },
    {
      name: 'delegate_token.revoke by query',
      method: 'PUT',
      path: tokens,
      ...S,
      query: { tokenName: token },
      expected: { resource: { name: token, status: 'REVOKED' } },
    },
    {
      name: 'delegate_token.delete by query',
      method: 'DELETE',
      path: tokens,
      ...S,
      query: { tokenName: token },
      expected: { resource: ANY },
    },
    {
      name: 'connector schema, by section',
      ...schema('Connectors', 'account'),
      expected: { definitions: { connector: { connector: fields, JDBC: { properties: { spec: ANY } } } } },
    },
    {
      name: 'secret schema, by section',
      ...schema('Secrets', 'project'),
      expected: { definitions: { secret: { secret: fields, SecretText: { properties: { spec: ANY } } } } },
    },
    {
      name: 'a schema of what is not here',
      ...schema('Environment', 'account'),
      status: 400,
      extracts: 'RAW',
      expected: { message: expect.stringContaining('must be one of Organizations, Projects, Connectors') },
    },
  ];
}
