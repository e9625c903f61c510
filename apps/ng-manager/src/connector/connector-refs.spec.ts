import { describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type Scope } from '@sluice/kernel';
import { connector } from '@sluice/ng-manager-api';
import { checkConnector } from './connector-check.js';
import { refOfSecretExpression, requalify, secretExpressionOf, secretRefsOf } from './connector-refs.js';
import { connectorBodyOf } from './connector-view.js';
import { gitAccessOf, gitAccessOfRepository } from './git-access.js';
import { jdbcAccessOf } from './jdbc-access.js';

const org: Scope = { level: 'org', accountId: 'A', orgId: 'o' };
const body = (type: string, spec: object) =>
  connectorBodyOf(connector.parse({ identifier: 'c', name: 'c', type, spec }));
const gitHttp = { url: 'https://git.example.com/team', type: 'Http', connectionType: 'Account' };

describe('secret references of connectors', () => {
  it('are found wherever they stand', () => {
    const found = secretRefsOf(
      body('Github', {
        url: 'https://github.com/o/r',
        type: 'Repo',
        authentication: {
          type: 'Http',
          spec: { type: 'UsernameToken', spec: { username: 'u', tokenRef: 'account.t' } },
        },
        apiAccess: { type: 'Token', spec: { tokenRef: 'org.api' } },
      }),
    );
    expect(found).toEqual([
      { field: 'connector.spec.authentication.spec.spec.tokenRef', ref: 'account.t' },
      { field: 'connector.spec.apiAccess.spec.tokenRef', ref: 'org.api' },
    ]);
  });

  it('include those Vault names without Ref', () => {
    expect(
      secretRefsOf(
        body('Vault', { vaultUrl: 'https://v', renewalIntervalMinutes: 0, appRoleId: 'x', secretId: 'vault_secret' }),
      ),
    ).toEqual([{ field: 'connector.spec.secretId', ref: 'vault_secret' }]);
  });

  it.each([
    ['pw', org, 'org.pw'],
    ['pw', accountScope('A'), 'account.pw'],
    ['account.pw', org, 'account.pw'],
    ['pw', projectScope('A', 'o', 'p'), 'pw'],
    ['org.pw', projectScope('A', 'o', 'p'), 'org.pw'],
  ] as const)('%s is rewritten for the scopes below', (ref, from, seen) => {
    expect(requalify(ref, from)).toBe(seen);
  });

  it('cannot point below their scope', () => {
    expect(() => requalify('org.pw', accountScope('A'))).toThrow(
      expect.objectContaining({ code: 'INVALID_IDENTIFIER_REF' }),
    );
  });

  it('survive the way through an expression', () => {
    expect(refOfSecretExpression(secretExpressionOf('org.pw'))).toBe('org.pw');
    expect(() => refOfSecretExpression('<+pipeline.name>')).toThrow(/not a secret expression/);
  });
});

describe('how a Git connector is reached', () => {
  it('appends the repository to the URL of an account connector and needs its name', () => {
    const account = body('Git', { ...gitHttp, spec: { username: 'u', passwordRef: 'account.pw' } });
    expect(gitAccessOf('c', account, 'app.git')).toEqual({
      url: 'https://git.example.com/team/app.git',
      username: 'u',
      passwordRef: 'account.pw',
      delegateSelectors: [],
    });
    expect(() => gitAccessOf('c', account, undefined)).toThrow(/name the repository in "repo"/);
  });

  it('ignores the repository name for a connector of one repository, and may be anonymous', () => {
    const repo = body('Git', { ...gitHttp, connectionType: 'Repo' });
    expect(gitAccessOf('c', repo, 'other')).toEqual({ url: 'https://git.example.com/team', delegateSelectors: [] });
  });

  it('takes token of Github, Gitlab and Bitbucket as the password', () => {
    const spec = {
      url: 'https://github.com/o',
      type: 'Account',
      authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { usernameRef: 'user', tokenRef: 't' } } },
      delegateSelectors: ['a'],
    };
    expect(gitAccessOf('c', body('Github', spec), 'r')).toEqual({
      url: 'https://github.com/o/r',
      usernameRef: 'user',
      passwordRef: 't',
      delegateSelectors: ['a'],
    });
  });

  it('names the secret of the key of an SSH connector', () => {
    const ssh = body('Git', {
      ...gitHttp,
      url: 'git@git.example.com:t',
      type: 'Ssh',
      spec: { sshKeyRef: 'account.k' },
    });
    expect(gitAccessOf('c', ssh, 'r.git')).toEqual({
      url: 'git@git.example.com:t/r.git',
      sshKeyRef: 'account.k',
      delegateSelectors: [],
    });
  });

  it('reaches a repository named by its web address over SSH when the connector authenticates with a key', () => {
    const github = body('Github', {
      url: 'https://github.com/o',
      type: 'Account',
      authentication: { type: 'Ssh', spec: { sshKeyRef: 'k' } },
    });
    expect(() => checkConnector(github)).not.toThrow();
    expect(gitAccessOf('c', github, 'r')).toEqual({
      url: 'ssh://github.com/o/r',
      sshKeyRef: 'k',
      delegateSelectors: [],
    });
  });

  it.each([
    [
      'Github',
      {
        url: 'https://github.com/o',
        type: 'Account',
        authentication: {
          type: 'Http',
          spec: { type: 'GithubApp', spec: { applicationId: '1', installationId: '2', privateKeyRef: 'k' } },
        },
      },
    ],
  ])('says what %s cannot do yet', (type, spec) => {
    expect(() => gitAccessOf('c', body(type, spec), 'r')).toThrow(expect.objectContaining({ code: 'NOT_IMPLEMENTED' }));
  });

  it.each([
    '../other/r.git',
    'a/../../b',
    '.',
    'a//b',
    'r.git?x=1',
    'r#x',
    '-upload-pack=x',
    'a b',
    'a\\b',
    '%2e%2e/x',
    'r\u0000',
  ])('does not take "%s" as a repository of an account', (repo) => {
    expect(() => gitAccessOf('c', body('Git', gitHttp), repo)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it.each([
    ['https://git.example.com/team/app.git', 'https://git.example.com/team/app.git'],
    ['app.git', 'https://git.example.com/team/app.git'],
    ['https://git.example.com/team/sub/app/', 'https://git.example.com/team/sub/app'],
  ])('takes the repository %s by its own URL when it lies inside the account', (repoUrl, url) => {
    expect(gitAccessOfRepository('c', body('Git', gitHttp), repoUrl).url).toBe(url);
  });

  it.each([
    'https://evil.example/team/app.git',
    'https://git.example.com/other/app.git',
    'https://git.example.com.evil.example/team/a',
    'https://git.example.com/teammate/app.git',
    'https://git.example.com/team/../other/app.git',
    'http://git.example.com/team/app.git',
    'git@git.example.com:team/app.git',
  ])('sends no credentials to %s', (repoUrl) => {
    expect(() => gitAccessOfRepository('c', body('Git', gitHttp), repoUrl)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it('takes the URL of a connector of one repository, with or without .git, and no other', () => {
    const one = body('Git', { ...gitHttp, connectionType: 'Repo', url: 'https://git.example.com/team/app' });
    expect(gitAccessOfRepository('c', one, 'https://git.example.com/team/app.git').url).toBe(
      'https://git.example.com/team/app',
    );
    expect(() => gitAccessOfRepository('c', one, 'https://git.example.com/team/other')).toThrow(
      /is for the one repository/,
    );
  });

  it('is not a database', () => {
    expect(() => gitAccessOf('c', body('JDBC', { url: 'jdbc:postgresql://h/d' }), undefined)).toThrow(
      /is of type JDBC; a changelog needs/,
    );
    expect(() => jdbcAccessOf('c', body('Git', gitHttp))).toThrow(/is of type Git; a DB instance needs/);
  });
});

describe('what is not accepted as a connector', () => {
  it.each([
    ['Git', { ...gitHttp, url: 'file:///etc' }, /must start with https/],
    ['Git', { ...gitHttp, url: 'https://u:p@h/r' }, /must not hold credentials/],
    ['Git', { ...gitHttp, type: 'Ssh', url: 'https://h/-r', spec: { sshKeyRef: 'k' } }, /must be an SSH address/],
    ['Git', { ...gitHttp, type: 'Ssh', url: 'https://u:p@h/r', spec: { sshKeyRef: 'k' } }, /must not hold credentials/],
    ['Git', { ...gitHttp, type: 'Ssh', url: 'file:///etc', spec: { sshKeyRef: 'k' } }, /must be an SSH address/],
    [
      'Git',
      { ...gitHttp, type: 'Ssh', url: 'git@-oProxyCommand=x:r', spec: { sshKeyRef: 'k' } },
      /must be an SSH address/,
    ],
    [
      'Git',
      { ...gitHttp, type: 'Ssh', url: 'ssh://-oProxyCommand=x/r', spec: { sshKeyRef: 'k' } },
      /must be an SSH address/,
    ],
    ['Git', { ...gitHttp, type: 'Ssh', url: '-x@h:r', spec: { sshKeyRef: 'k' } }, /must be an SSH address/],
    ['JDBC', { url: 'jdbc:h2:mem:x' }, /not supported/],
    [
      'JDBC',
      { url: 'jdbc:sqlserver://h;socketFactoryClass=x.Y' },
      /option "socketFactoryClass".*allowed are applicationintent/,
    ],
    [
      'K8sCluster',
      {
        credential: {
          type: 'ManualConfig',
          spec: { masterUrl: 'gopher://h', auth: { type: 'ServiceAccount', spec: { serviceAccountTokenRef: 't' } } },
        },
      },
      /credential.spec.masterUrl must start with/,
    ],
    ['Vault', { vaultUrl: 'https://u:p@v', renewalIntervalMinutes: 0 }, /vaultUrl must not hold credentials/],
    ['DockerRegistry', { dockerRegistryUrl: 'registry', providerType: 'Other' }, /dockerRegistryUrl is not a URL/],
    ['Local', {}, /harnessSecretManager/],
  ])('%s %j', (type, spec, message) => {
    expect(() => checkConnector(body(type, spec))).toThrow(message);
  });
});
