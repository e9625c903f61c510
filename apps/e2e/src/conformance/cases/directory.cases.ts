import { stringify } from 'yaml';
import { partOf } from '../answers.js';
import { secretBody } from '../make-world.js';
import type { CaseRequest, RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };
const NOTHING = { none: 'names nothing that could be missing' };
const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const fileSpec = (world: World, identifier: string) => ({
  secret: {
    type: 'SecretFile',
    identifier,
    name: world.marker,
    orgIdentifier: world.org,
    projectIdentifier: world.project,
    spec: { secretManagerIdentifier: 'harnessSecretManager' },
  },
});
const upload = (world: World, identifier: string): CaseRequest => ({
  query: world.scope,
  form: { spec: JSON.stringify(fileSpec(world, identifier)), file: new TextEncoder().encode('open sesame') },
});
const hidden = (text: string): string | undefined =>
  text.includes('open sesame') ? 'shows the value of the secret' : undefined;

async function storedFile(world: World): Promise<string> {
  const identifier = world.make.id('file');
  await world.make.upload('/ng/api/v2/secrets/files', upload(world, identifier));
  return identifier;
}

/** What is asked about connectors and secrets beside storing them; secrets as files and as YAML; JSON schemas (api-contract 3.1). */
export const directoryCases: RouteCases = {
  listConnectorsByFqn: {
    request: ({ inAccount, account, org, project, gitConnector }) => ({
      query: inAccount,
      json: [`${account}/${org}/${project}/${gitConnector}`],
    }),
    answers: ({ gitConnector }) => [{ connector: { identifier: gitConnector } }],
    invalid: { change: { json: {} }, field: 'body' },
    missing: { none: 'names nobody has are left out' },
    rights: 'listed',
  },
  connectorStatistics: {
    request: ({ scope }) => ({ query: scope }),
    check: (text) =>
      /"typeStats":\[.*"type":"JDBC","count":[1-9]/.test(text) && /"statusStats":\[\{"status":"/.test(text)
        ? undefined
        : 'does not count by type and status',
    invalid: noAccount,
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  connectorFieldValues: {
    request: ({ scope }) => ({ query: scope }),
    answers: {
      fieldValues: {
        connectivityStatuses: ['SUCCESS', 'FAILURE', 'PARTIAL', 'UNKNOWN'],
        connectorConnectivityModes: ['DELEGATE', 'MANAGER'],
      },
    },
    invalid: noAccount,
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  createSecretFile: {
    request: (world) => upload(world, world.make.id('file')),
    answers: (world, { form }) => ({
      secret: { ...(JSON.parse(String(form?.['spec'])) as ReturnType<typeof fileSpec>).secret, name: world.marker },
      draft: false,
    }),
    check: hidden,
    invalid: { change: { form: { spec: '{"secret":{"type":"SecretFile"}}' } }, field: 'identifier' },
    missing: (world) => ({
      change: {
        query: { projectIdentifier: 'nowhere' },
        form: {
          spec: JSON.stringify({ secret: { ...fileSpec(world, 'f').secret, projectIdentifier: 'nowhere' } }),
          file: new Uint8Array([1]),
        },
      },
    }),
  },
  updateSecretFile: {
    request: async (world) => {
      const identifier = await storedFile(world);
      return { ...upload(world, identifier), params: { identifier } };
    },
    answers: (_, { params }) => ({ secret: { identifier: params?.['identifier'], type: 'SecretFile' } }),
    check: hidden,
    invalid: { change: { form: { spec: '{' } }, field: 'spec' },
    missing: (world) => ({ change: { ...upload(world, 'nowhere'), params: { identifier: 'nowhere' } } }),
  },
  createSecretFromYaml: {
    request: (world) => ({
      query: world.scope,
      raw: yaml(stringify({ secret: secretBody(world, world.make.id('secret')) })),
    }),
    answers: { secret: { type: 'SecretText' }, draft: false },
    check: hidden,
    invalid: { change: { raw: yaml('secret: [') }, field: 'YAML' },
    missing: (world) => ({
      change: {
        query: { projectIdentifier: 'nowhere' },
        raw: yaml(stringify({ secret: { ...secretBody(world, 's'), projectIdentifier: 'nowhere' } })),
      },
    }),
  },
  updateSecretFromYaml: {
    request: async (world) => {
      const identifier = await world.make.secret();
      return {
        query: world.scope,
        params: { identifier },
        raw: yaml(stringify({ secret: { ...secretBody(world, identifier), name: 'Renamed' } })),
      };
    },
    answers: (_, { params }) => ({ secret: { identifier: params?.['identifier'], name: 'Renamed' } }),
    check: hidden,
    invalid: { change: { raw: yaml('secret: 7') }, field: 'secret' },
    missing: (world) => ({
      change: { params: { identifier: 'nowhere' }, raw: yaml(stringify({ secret: secretBody(world, 'nowhere') })) },
    }),
  },
  validateSecret: {
    request: ({ scope, secret }) => ({ query: { ...scope, identifier: secret }, json: { type: 'SecretText' } }),
    answers: { success: true },
    invalid: { change: { query: { identifier: [] } }, field: 'identifier' },
    missing: { change: { query: { identifier: 'nowhere' } } },
  },
  getYamlSchema: {
    request: ({ inAccount }) => ({ query: { ...inAccount, entityType: 'Connectors', scope: 'account' } }),
    answers: { schema: {} },
    invalid: { change: { query: { entityType: 'Unicorns' } }, field: 'entityType' },
    missing: NOTHING,
    rights: 'self',
    otherAccount: 'an answer of its own',
  },
  getEncryptionKeys: {
    request: ({ inAccount }) => ({ query: inAccount }),
    invalid: noAccount,
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  rotateEncryptionKeys: {
    request: ({ inAccount }) => ({ query: inAccount }),
    invalid: noAccount,
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  listDeadLetters: {
    request: ({ inAccount }) => ({ query: inAccount }),
    answers: { totalItems: 0, content: [] },
    invalid: { change: { query: { pageSize: '101' } }, field: 'pageSize' },
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  redriveDeadLetter: {
    request: ({ inAccount }) => ({ query: inAccount, params: { id: '1' } }),
    status: 404,
    answers: { message: partOf('the account has no dead letter 1') },
    invalid: { change: { params: { id: '0' } }, field: 'id' },
    missing: { change: { params: { id: '2' } } },
  },
  generateHelmValues: {
    request: ({ inAccount, delegateToken }) => ({
      query: inAccount,
      json: { name: 'my-delegate', size: 'SMALL', tokenName: delegateToken },
    }),
    check: (text) => (/delegateName:/.test(text) ? undefined : 'is no values file'),
    invalid: { change: { json: { name: 'my-delegate', size: 'ENORMOUS' } }, field: 'size' },
    missing: { change: { json: { name: 'my-delegate', tokenName: 'nowhere' } } },
  },
};
