import { describe, expect, it } from '@jest/globals';
import {
  createConnector,
  createSecret,
  updateConnector,
  updateSecret,
  v1ProjectConnectors,
  v1ProjectSecrets,
} from './index.js';

const jdbc = {
  url: 'jdbc:postgresql://db/orders',
  auth: { type: 'UsernamePassword', spec: { username: 'app', passwordRef: 'ref' } },
};
const connector = (type: string, spec: object, more: object = {}): object => ({
  connector: { identifier: 'c', name: 'C', type, spec, ...more },
});
const text = { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'hunter2' };
const secret = (type: string, spec: object, more: object = {}): object => ({
  secret: { identifier: 's', name: 'S', type, spec, ...more },
});
const ROUTES = {
  createConnector,
  updateConnector,
  createSecret,
  updateSecret,
  v1Connector: v1ProjectConnectors.create,
  v1Secret: v1ProjectSecrets.create,
} as const;

describe('a misspelt field of a connector or secret is refused, and its value is not repeated', () => {
  it.each<[keyof typeof ROUTES, object, string, string]>([
    [
      'createConnector',
      connector('JDBC', { ...jdbc, delegateSelector: ['hunter2'] }),
      'connector.spec.delegateSelector',
      'delegateSelectors',
    ],
    [
      'updateConnector',
      connector('JDBC', {
        ...jdbc,
        auth: { type: 'UsernamePassword', spec: { userName: 'hunter2', passwordRef: 'ref' } },
      }),
      'connector.spec.auth.spec.userName',
      'username',
    ],
    ['createConnector', connector('JDBC', jdbc, { tag: { a: 'hunter2' } }), 'connector.tag', 'tags'],
    [
      'createConnector',
      connector('Git', { url: 'u', type: 'Http', connectionType: 'Repo', branchname: 'hunter2' }),
      'connector.spec.branchname',
      'branchName',
    ],
    [
      'createConnector',
      connector('Github', {
        url: 'u',
        type: 'Repo',
        authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { tokenRefs: 'hunter2' } } },
      }),
      'connector.spec.authentication.spec.spec.tokenRefs',
      'tokenRef',
    ],
    ['createSecret', secret('SecretText', { ...text, valu: 'hunter2' }), 'secret.spec.valu', 'value'],
    [
      'updateSecret',
      secret('SSHKey', {
        ports: 22,
        auth: { type: 'SSH', spec: { credentialType: 'Password', spec: { userName: 'git', password: 'ref' } } },
      }),
      'secret.spec.ports',
      'port',
    ],
    [
      'updateSecret',
      secret('SSHKey', {
        auth: {
          type: 'SSH',
          spec: {
            credentialType: 'KeyReference',
            spec: { userName: 'git', key: 'ref', encrypted_passphrase: 'hunter2' },
          },
        },
      }),
      'secret.spec.auth.spec.spec.encrypted_passphrase',
      'encryptedPassphrase',
    ],
    [
      'v1Connector',
      { connector: { identifier: 'c', name: 'C', descriptions: 'hunter2', spec: { type: 'JDBC', ...jdbc } } },
      'connector.descriptions',
      'description',
    ],
    [
      'v1Secret',
      {
        secret: {
          identifier: 's',
          name: 'S',
          spec: { type: 'SSHKeyReference', username: 'git', key: 'ref', encryptedPassphrase: 'hunter2' },
        },
      },
      'secret.spec.encryptedPassphrase',
      'encrypted_passphrase',
    ],
  ])('%s %j', (route, body, field, meant) => {
    const issues = ROUTES[route].body?.safeParse(body).error?.issues ?? [];
    expect([issues[0]?.path.join('.'), issues[0]?.message]).toEqual([
      field,
      expect.stringContaining(`write ${meant} if that is meant`),
    ]);
    expect(JSON.stringify(issues)).not.toContain('hunter2');
  });
});

describe('what known clients send beside the fields of a connector or secret is taken', () => {
  it.each<[keyof typeof ROUTES, object]>([
    [
      'createConnector',
      connector(
        'JDBC',
        { ...jdbc, connectorType: 'JDBC' },
        { orgIdentifier: 'o', projectIdentifier: 'p', connectionType: 'JDBC' },
      ),
    ],
    [
      'createConnector',
      connector('Git', { url: 'u', type: 'Http', connectionType: 'Repo', connectorType: 'Git', spec: {} }),
    ],
    ['createConnector', connector('Local', { default: true, isDefault: true })],
    [
      'createConnector',
      connector('AwsSecretManager', { credential: { type: 'AssumeIAMRole' }, region: 'r', isDefault: false }),
    ],
    [
      'createConnector',
      connector('Vault', {
        vaultUrl: 'https://v',
        renewalIntervalMinutes: 1,
        readOnly: true,
        isReadOnly: true,
        isDefault: false,
        default: false,
        connectorType: '',
      }),
    ],
    ['createSecret', secret('SecretText', { ...text, type: 'SecretTextSpec' })],
    ['createSecret', secret('SecretFile', { type: 'SecretFileSpe', secretManagerIdentifier: 'harnessSecretManager' })],
    [
      'updateSecret',
      secret('SSHKey', {
        type: 'SSHKeySpec',
        port: 22,
        auth: {
          type: 'Kerberos',
          spec: { principal: 'p', realm: 'R', tgtGenerationMethod: 'KeyTabFilePath', spec: { keyPath: '/k' } },
        },
      }),
    ],
    [
      'v1Secret',
      {
        secret: {
          slug: 's',
          identifier: 's',
          name: 'S',
          org: 'o',
          project: 'p',
          spec: {
            type: 'SecretText',
            secretManagerIdentifier: 'harnessSecretManager',
            valueType: 'Inline',
            value: 'v',
          },
        },
      },
    ],
  ])('%s %j', (route, body) => {
    expect(ROUTES[route].body?.safeParse(body).success).toBe(true);
  });
});
