import { newId } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { McpClient, TerraformClient, type Answer, type Place } from './requests.js';
import { dataOf } from './rows.js';

/** The two forms a client's base URL takes. */
export const BASES = [
  { what: 'with a base without path', path: '' },
  { what: 'with a base that ends in /gateway', path: '/gateway' },
] as const;

export function mcpOf(stack: Stack, basePath: string, place: Place): McpClient {
  return new McpClient(`${stack.gatewayUrl}${basePath}`, stack.apiKey, place);
}

export function terraformOf(stack: Stack): TerraformClient {
  return new TerraformClient(stack.gatewayUrl, stack.apiKey);
}

/** An organization and a project of its own, made by the MCP client. */
export async function newPlace(client: McpClient): Promise<Place> {
  const place = { org: `org_${newId()}`, project: `p_${newId()}` };
  await must(
    client.send({
      method: 'POST',
      path: '/ng/api/organizations',
      scope: 'A',
      body: { organization: { identifier: place.org, name: 'Clients' } },
    }),
  );
  await must(
    client.send({
      method: 'POST',
      path: '/ng/api/projects',
      scope: 'A',
      query: { orgIdentifier: place.org },
      body: { project: { identifier: place.project, name: 'Clients', orgIdentifier: place.org } },
    }),
  );
  return place;
}

/** The MCP client never writes secrets; people who use it have another way, here that of Terraform. */
export async function putSecret(
  terraform: TerraformClient,
  place: Place,
  identifier: string,
  value: string,
): Promise<void> {
  const scope = { orgIdentifier: place.org, projectIdentifier: place.project };
  const secret = {
    type: 'SecretText',
    name: identifier,
    identifier,
    ...scope,
    spec: { type: 'SecretTextSpec', secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
  };
  await must(terraform.send({ method: 'POST', path: '/ng/api/v2/secrets', query: scope, body: { secret } }));
}

/** `data` of an answer that must have succeeded. @throws Error with what the gateway said instead */
export async function must(answer: Promise<Answer>): Promise<unknown> {
  return dataOf(await answer);
}

export const jdbcSpec = (url: string, username: string, passwordRef: string): object => ({
  url,
  auth: { type: 'UsernamePassword', spec: { username, passwordRef } },
  delegateSelectors: [] as string[],
  executeOnDelegate: true,
});
export const gitSpec = (url: string): object => ({
  url,
  type: 'Http',
  connectionType: 'Repo',
  spec: {},
  delegateSelectors: [] as string[],
  executeOnDelegate: true,
});
