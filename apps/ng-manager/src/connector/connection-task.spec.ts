import { describe, expect, it } from '@jest/globals';
import { secretExpressionsOf, taskPayload } from '@sluice/delegate-protocol';
import { connector } from '@sluice/ng-manager-api';
import { connectionTaskOf, failure, statusAfter, success, type TestedBody } from './connection-task.js';
import { connectorBodyOf } from './connector-view.js';
import { sshKeyAccessOf } from './ssh-key-access.js';

const body = (type: string, spec: object) =>
  connectorBodyOf(connector.parse({ identifier: 'c', name: 'c', type, spec })) as TestedBody;
const payloadOf = (type: string, spec: object) => taskPayload.parse(connectionTaskOf('c', body(type, spec)).payload);
const jdbc = (auth: object) => ({ url: 'jdbc:postgresql://h/d', auth });
const cluster = (auth: object) => ({
  credential: { type: 'ManualConfig', spec: { masterUrl: 'https://k8s.example:6443', auth } },
  delegateSelectors: ['in-cluster'],
});
const secret = (name: string, ref: string) => ({ name, expression: `<+secrets.getValue("${ref}")>` });
const gitHttp = { url: 'https://git.example.com/team', type: 'Http', connectionType: 'Account' };

describe('connection tests', () => {
  it('carry expressions, never values', () => {
    const { payload, selectors } = connectionTaskOf(
      'c',
      body('JDBC', {
        ...jdbc({ type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'org.pw' } }),
        delegateSelectors: ['eu'],
      }),
    );
    expect(payload).toEqual({
      kind: 'test-jdbc',
      url: 'jdbc:postgresql://h/d',
      username: 'u',
      secrets: [secret('db-password', 'org.pw')],
      passwordSlot: 'db-password',
    });
    expect(selectors).toEqual(['eu']);
  });

  it('take a user name from a secret as well', () => {
    expect(
      payloadOf('JDBC', jdbc({ type: 'UsernamePassword', spec: { usernameRef: 'user', passwordRef: 'pw' } })),
    ).toEqual({
      kind: 'test-jdbc',
      url: 'jdbc:postgresql://h/d',
      secrets: [secret('db-username', 'user'), secret('db-password', 'pw')],
      usernameSlot: 'db-username',
      passwordSlot: 'db-password',
    });
  });

  it('use the validation repository of an account connector, and the branch the connector names', () => {
    expect(payloadOf('Git', { ...gitHttp, validationRepo: 'v.git', branchName: 'main' })).toMatchObject({
      kind: 'test-git',
      source: { url: 'https://git.example.com/team/v.git', branch: 'main' },
    });
  });

  it('hand over the parts of an SSH key by reference', () => {
    const key = {
      identifier: 'deploy',
      accountId: 'A',
      orgId: 'o',
      projectId: null,
      type: 'SSHKey',
      spec: {
        auth: {
          type: 'SSH',
          spec: {
            credentialType: 'KeyReference',
            spec: { userName: 'git', key: 'key_file', encryptedPassphrase: 'account.phrase' },
          },
        },
      },
    };
    const sshKey = sshKeyAccessOf(key as unknown as Parameters<typeof sshKeyAccessOf>[0]);
    const { payload } = connectionTaskOf(
      'c',
      body('Git', {
        ...gitHttp,
        type: 'Ssh',
        url: 'ssh://git.example.com/team/app.git',
        connectionType: 'Repo',
        spec: { sshKeyRef: 'deploy' },
      }),
      { access: { url: 'ssh://git.example.com/team/app.git', sshKeyRef: 'deploy', delegateSelectors: [] }, sshKey },
    );
    expect(payload).toEqual({
      kind: 'test-git',
      source: {
        name: 'repository',
        url: 'ssh://git.example.com/team/app.git',
        username: 'git',
        sshKeyExpression: '<+secrets.getValue("org.key_file")>',
        sshPassphraseExpression: '<+secrets.getValue("account.phrase")>',
      },
    });
    expect(secretExpressionsOf(payload)).toHaveLength(2);
  });

  it('sign in over SSH as git where nobody says otherwise', () => {
    const access = { url: 'ssh://git.example.com/team/app.git', sshKeyRef: 'key', delegateSelectors: [] };
    const { payload } = connectionTaskOf(
      'c',
      body('Git', { ...gitHttp, type: 'Ssh', url: access.url, connectionType: 'Repo', spec: { sshKeyRef: 'key' } }),
      { access, sshKey: { keyRef: 'key' } },
    );
    expect(payload).toMatchObject({ source: { username: 'git', sshKeyExpression: '<+secrets.getValue("key")>' } });
  });

  it('take a text or file secret as the SSH key itself, and no password', () => {
    const row = {
      identifier: 'key',
      accountId: 'A',
      orgId: null,
      projectId: null,
      type: 'SecretFile',
      spec: { secretManagerIdentifier: 'm' },
    };
    expect(sshKeyAccessOf(row as unknown as Parameters<typeof sshKeyAccessOf>[0])).toEqual({ keyRef: 'account.key' });
    const password = {
      ...row,
      type: 'SSHKey',
      spec: { auth: { type: 'SSH', spec: { credentialType: 'Password', spec: { userName: 'u', password: 'p' } } } },
    };
    expect(() => sshKeyAccessOf(password as unknown as Parameters<typeof sshKeyAccessOf>[0])).toThrow(
      /use credentialType KeyReference/,
    );
  });

  it.each([
    [
      'K8sCluster',
      { credential: { type: 'InheritFromDelegate' }, delegateSelectors: ['k'] },
      { type: 'kubernetes' },
      [],
    ],
    [
      'K8sCluster',
      cluster({ type: 'UsernamePassword', spec: { usernameRef: 'u', passwordRef: 'p' } }),
      { manual: { auth: { type: 'basic', usernameSlot: 'username', passwordSlot: 'password' } } },
      ['u', 'p'],
    ],
    [
      'K8sCluster',
      cluster({ type: 'ServiceAccount', spec: { serviceAccountTokenRef: 't', caCertRef: 'ca' } }),
      {
        manual: { url: 'https://k8s.example:6443', auth: { type: 'token', tokenSlot: 'token' }, caCertSlot: 'ca-cert' },
      },
      ['ca', 't'],
    ],
    [
      'K8sCluster',
      cluster({
        type: 'ClientKeyCert',
        spec: { clientCertRef: 'cc', clientKeyRef: 'ck', clientKeyPassphraseRef: 'pp', caCertRef: '' },
      }),
      {
        manual: {
          auth: {
            type: 'certificate',
            certificateSlot: 'client-cert',
            keySlot: 'client-key',
            passphraseSlot: 'client-key-passphrase',
          },
        },
      },
      ['cc', 'ck', 'pp'],
    ],
    [
      'K8sCluster',
      cluster({
        type: 'OpenIdConnect',
        spec: {
          oidcIssuerUrl: 'https://idp.example',
          oidcUsername: 'u',
          oidcClientIdRef: 'id',
          oidcPasswordRef: 'p',
          oidcSecretRef: 's',
          oidcScopes: 'openid email',
        },
      }),
      {
        manual: {
          auth: {
            type: 'openId',
            issuerUrl: 'https://idp.example',
            username: 'u',
            clientIdSlot: 'client-id',
            clientSecretSlot: 'client-secret',
            scopes: 'openid email',
            passwordSlot: 'password',
          },
        },
      },
      ['id', 's', 'p'],
    ],
    [
      'DockerRegistry',
      {
        dockerRegistryUrl: 'https://r.example',
        providerType: 'Other',
        auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'p' } },
      },
      { type: 'docker-registry', username: 'u', passwordSlot: 'password' },
      ['p'],
    ],
    [
      'DockerRegistry',
      { dockerRegistryUrl: 'https://r.example', providerType: 'DockerHub', auth: { type: 'Anonymous' } },
      { type: 'docker-registry', url: 'https://r.example' },
      [],
    ],
    [
      'Vault',
      { vaultUrl: 'https://v.example', renewalIntervalMinutes: 10, authToken: 'account.t', namespace: 'ns' },
      { type: 'vault', namespace: 'ns', auth: { type: 'token', tokenSlot: 'token' } },
      ['account.t'],
    ],
    [
      'Vault',
      { vaultUrl: 'https://v.example', renewalIntervalMinutes: 10, appRoleId: 'role', secretId: 's' },
      { type: 'vault', auth: { type: 'appRole', roleId: 'role', secretIdSlot: 'secret-id' } },
      ['s'],
    ],
  ])('of %s %j name target and secrets', (type, spec, target, refs) => {
    const payload = payloadOf(type, spec);
    expect(payload).toMatchObject({ kind: 'test-service', target });
    expect(secretExpressionsOf(payload)).toEqual(refs.map((ref) => `<+secrets.getValue("${ref}")>`));
  });

  it.each([
    [
      'JDBC',
      { url: 'mongodb://h:27017/d' },
      /leads to MongoDB: there is no driver for MongoDB here, .* steps run on PostgreSQL, MariaDB and MySQL/,
    ],
    ['JDBC', { url: 'jdbc:sqlserver://h;databaseName=d' }, /no driver for SQL Server/],
    [
      'JDBC',
      jdbc({ type: 'ServiceAccount', spec: { serviceAccountTokenRef: 't' } }),
      /uses authentication ServiceAccount/,
    ],
    ['JDBC', jdbc({ type: 'KeyPair', spec: { username: 'u', privateKeyFileRef: 'k' } }), /uses authentication KeyPair/],
    ['JDBC', jdbc({ type: 'InheritFromDelegate', spec: { username: 'u' } }), /uses authentication InheritFromDelegate/],
    [
      'JDBC',
      jdbc({
        type: 'Oidc',
        spec: {
          type: 'GCP',
          spec: { projectNumber: '1', workloadPoolId: 'p', providerId: 'q', serviceAccountEmail: 'e' },
        },
      }),
      /uses authentication Oidc/,
    ],
    [
      'Github',
      {
        url: 'https://github.com/o/r',
        type: 'Repo',
        authentication: {
          type: 'Http',
          spec: { type: 'GithubApp', spec: { applicationId: '1', installationId: '2', privateKeyRef: 'k' } },
        },
      },
      /GitHub Apps/,
    ],
    ['Git', gitHttp, /name the repository/],
    [
      'K8sCluster',
      cluster({ type: 'OpenIdConnect', spec: { oidcClientIdRef: 'id', oidcPasswordRef: 'p' } }),
      /no oidcIssuerUrl/,
    ],
    [
      'Vault',
      { vaultUrl: 'https://v.example', renewalIntervalMinutes: 0, useVaultAgent: true, sinkPath: '/etc/passwd' },
      /with a Vault agent, which a connection test cannot do/,
    ],
    [
      'Vault',
      { vaultUrl: 'https://v.example', renewalIntervalMinutes: 0, useAwsIam: true, awsRegion: 'eu' },
      /AWS IAM/,
    ],
    [
      'Vault',
      { vaultUrl: 'https://v.example', renewalIntervalMinutes: 0, useK8sAuth: true },
      /Kubernetes service account/,
    ],
    ['Vault', { vaultUrl: 'https://v.example', renewalIntervalMinutes: 0, useJwtAuth: true }, /a JWT/],
    ['Vault', { vaultUrl: 'https://v.example', renewalIntervalMinutes: 0 }, /names no way to sign in/],
  ])('of %s %j are not made up: nothing can be tried', (type, spec, reason) => {
    expect(() => connectionTaskOf('c', body(type, spec))).toThrow(reason);
  });

  it('remember the last time it worked', () => {
    const worked = statusAfter(null, success(5, 'd'));
    expect(statusAfter(worked, failure(9, null, 'down'))).toMatchObject({
      status: 'FAILURE',
      lastTestedAt: 9,
      lastConnectedAt: 5,
      errorSummary: 'down',
    });
  });
});
