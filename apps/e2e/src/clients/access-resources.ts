import type { Place, TerraformRequest } from './requests.js';
import { path } from './rows.js';
import type { Resource, Surroundings } from './terraform-resources.js';

const scoped = ({ org, project }: Place): { orgIdentifier: string; projectIdentifier: string } => ({
  orgIdentifier: org,
  projectIdentifier: project,
});
const described = { description: 'by Terraform', tags: { owner: 'tf' } };
const notifications = [
  { type: 'SLACK', slackWebhookUrl: 'https://hooks.example/services/x' },
  { type: 'EMAIL', groupEmail: 'team@example.com', sendEmailToAllUsers: true },
  { type: 'MSTEAMS', microsoftTeamsWebhookUrl: 'https://teams.example/x' },
  { type: 'PAGERDUTY', pagerDutyKey: 'key' },
];

function userGroup(type: string, identifier: string, root: string): Resource {
  const write =
    (method: 'POST' | 'PUT') =>
    (at: Surroundings, args: object): TerraformRequest => ({
      method,
      path: root,
      query: scoped(at),
      body: { ...args, ...scoped(at) },
    });
  const one =
    (method: 'GET' | 'DELETE') =>
    (at: Surroundings): TerraformRequest => ({ method, path: `/ng/api/user-groups/${identifier}`, query: scoped(at) });
  return {
    type,
    first: { identifier, name: 'Team', ...described, notificationConfigs: notifications },
    second: { identifier, name: 'Renamed', notificationConfigs: [...notifications].reverse().slice(1) },
    create: write('POST'),
    update: write('PUT'),
    read: one('GET'),
    destroy: one('DELETE'),
    state: (body) => path(body, 'data'),
    goneBy: 'code',
    compared: ['description', 'tags', 'notificationConfigs', 'externallyManaged', 'ssoLinked', 'linkedSsoId'],
  };
}

function kept(
  type: string,
  root: string,
  identifier: string,
  wrapper: 'role' | 'resourceGroup',
  args: object,
  second: object,
  compared: readonly string[],
): Resource {
  const bodyOf = (at: Surroundings, sent: object): object =>
    wrapper === 'role' ? sent : { resourceGroup: { ...sent, ...scoped(at) } };
  return {
    type,
    first: { identifier, name: 'First', ...described, ...args },
    second: { identifier, name: 'Second', ...second },
    goneBy: 'code',
    compared: ['description', 'tags', ...compared],
    state: (body) => path(body, 'data', wrapper),
    create: (at, sent) => ({ method: 'POST', path: root, query: scoped(at), body: bodyOf(at, sent) }),
    update: (at, sent) => ({ method: 'PUT', path: `${root}/${identifier}`, query: scoped(at), body: bodyOf(at, sent) }),
    read: (at) => ({ method: 'GET', path: `${root}/${identifier}`, query: scoped(at) }),
    destroy: (at) => ({ method: 'DELETE', path: `${root}/${identifier}`, query: scoped(at) }),
  };
}

/** Who may do what, as the provider manages it. */
export const ACCESS: readonly Resource[] = [
  userGroup('platform_usergroup', 'tf_team', '/ng/api/user-groups'),
  userGroup('platform_usergroup by e-mail addresses', 'tf_mailed', '/ng/api/v2/user-groups'),
  kept(
    'platform_roles',
    '/authz/api/roles',
    'tf_role',
    'role',
    { permissions: ['core_pipeline_view', 'core_pipeline_execute'], allowedScopeLevels: ['project'] },
    { permissions: ['core_pipeline_edit'], allowedScopeLevels: ['project'] },
    ['permissions', 'allowedScopeLevels'],
  ),
  kept(
    'platform_resource_group',
    '/resourcegroup/api/v2/resourcegroup',
    'tf_group',
    'resourceGroup',
    {
      allowedScopeLevels: ['project'],
      includedScopes: [{ filter: 'EXCLUDING_CHILD_SCOPES' }],
      resourceFilter: {
        includeAllResources: false,
        resources: [
          { resourceType: 'CONNECTOR', attributeFilter: { attributeName: 'category', attributeValues: ['CODE_REPO'] } },
        ],
      },
    },
    {
      allowedScopeLevels: ['project'],
      includedScopes: [{ filter: 'EXCLUDING_CHILD_SCOPES' }],
      resourceFilter: { includeAllResources: true, resources: [] },
    },
    ['includedScopes', 'resourceFilter'],
  ),
];
