import { describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type Scope } from '@sluice/kernel';
import { connector } from '@sluice/ng-manager-api';
import { checkConnector } from './connector-check.js';
import { connectionTaskOf, failure, statusAfter, success } from './connection-task.js';
import { refOfSecretExpression, requalify, secretExpressionOf, secretRefsOf } from './connector-refs.js';
import { connectorBodyOf } from './connector-view.js';
import { gitAccessOf } from './git-access.js';
import { jdbcAccessOf } from './jdbc-access.js';

const org: Scope = { level: 'org', accountId: 'A', orgId: 'o' };
const body = (type: string, spec: object) => connectorBodyOf(connector.parse({ identifier: 'c', name: 'c', type, spec }));
const gitHttp = { url: 'https://git.example.com/team', type: 'Http', connectionType: 'Account' };

describe('secret references of connectors', () => {
  it('are found wherever they stand', () => {
    const found = secretRefsOf(body('Github', { url: 'https://github.com/o/r', type: 'Repo', authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { username: 'u', tokenRef: 'account.t' } } }, apiAccess: { type: 'Token', spec: { tokenRef: 'org.api' } } }));
    expect(found).toEqual([
      { field: 'connector.spec.authentication.spec.spec.tokenRef', ref: 'account.t' },
      { field: 'connector.spec.apiAccess.spec.tokenRef', ref: 'org.api' },
    ]);
  });

  it('include those Vault names without Ref', () => {
    expect(secretRefsOf(body('Vault', { vaultUrl: 'https://v', renewalIntervalMinutes: 0, appRoleId: 'x', secretId: 'vault_secret' }))).toEqual([{ field: 'connector.spec.secretId', ref: 'vault_secret' }]);
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
    expect(() => requalify('org.pw', accountScope('A'))).toThrow(expect.objectContaining({ code: 'INVALID_IDENTIFIER_REF' }));
  });

  it('survive the way through an expression', () => {
    expect(refOfSecretExpression(secretExpressionOf('org.pw'))).toBe('org.pw');
    expect(() => refOfSecretExpression('<+pipeline.name>')).toThrow(/not a secret expression/);
  });
});

describe('how a Git connector is reached', () => {
  it('appends the repository to the URL of an account connector and needs its name', () => {
    const account = body('Git', { ...gitHttp, spec: { username: 'u', passwordRef: 'account.pw' } });
    expect(gitAccessOf('c', account, 'app.git')).toEqual({ url: 'https://git.example.com/team/app.git', username: 'u', passwordRef: 'account.pw', delegateSelectors: [] });
    expect(() => gitAccessOf('c', account, undefined)).toThrow(/name the repository in "repo"/);
  });

  it('ignores the repository name for a connector of one repository, and may be anonymous', () => {
    const repo = body('Git', { ...gitHttp, connectionType: 'Repo' });
    expect(gitAccessOf('c', repo, 'other')).toEqual({ url: 'https://git.example.com/team', delegateSelectors: [] });
  });

  it('takes token of Github, Gitlab and Bitbucket as the password', () => {
    const spec = { url: 'https://github.com/o', type: 'Account', authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { usernameRef: 'user', tokenRef: 't' } } }, delegateSelectors: ['a'] };
    expect(gitAccessOf('c', body('Github', spec), 'r')).toEqual({ url: 'https://github.com/o/r', usernameRef: 'user', passwordRef: 't', delegateSelectors: ['a'] });
  });

  it.each([
    ['Git', { ...gitHttp, url: 'git@git.example.com:t/r.git', type: 'Ssh', spec: { sshKeyRef: 'k' } }],
    ['Github', { url: 'https://github.com/o', type: 'Account', authentication: { type: 'Http', spec: { type: 'GithubApp', spec: { applicationId: '1', installationId: '2', privateKeyRef: 'k' } } } }],
  ])('says what %s cannot do yet', (type, spec) => {
    expect(() => gitAccessOf('c', body(type, spec), 'r')).toThrow(expect.objectContaining({ code: 'NOT_IMPLEMENTED' }));
  });

  it('is not a database', () => {
    expect(() => gitAccessOf('c', body('JDBC', { url: 'jdbc:postgresql://h/d' }), undefined)).toThrow(/is of type JDBC; a changelog needs/);
    expect(() => jdbcAccessOf('c', body('Git', gitHttp))).toThrow(/is of type Git; a DB instance needs/);
  });
});

describe('what is not accepted as a connector', () => {
  it.each([
    ['Git', { ...gitHttp, url: 'file:///etc' }, /must start with https/],
    ['Git', { ...gitHttp, url: 'https://u:p@h/r' }, /must not hold credentials/],
    ['Git', { ...gitHttp, type: 'Ssh', url: 'https://h/r', spec: { sshKeyRef: 'k' } }, /must be an SSH address/],
    ['JDBC', { url: 'jdbc:h2:mem:x' }, /not supported/],
    ['Local', {}, /harnessSecretManager/],
  ])('%s %j', (type, spec, message) => {
    expect(() => checkConnector(body(type, spec))).toThrow(message);
  });
});

describe('connection tests', () => {
  it('carry expressions, never values', () => {
    const { payload, selectors } = connectionTaskOf('c', body('JDBC', { url: 'jdbc:postgresql://h/d', auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'org.pw' } }, delegateSelectors: ['eu'] }), undefined);
    expect(payload).toEqual({ kind: 'test-jdbc', url: 'jdbc:postgresql://h/d', username: 'u', secrets: [{ name: 'db-password', expression: '<+secrets.getValue("org.pw")>' }], passwordSlot: 'db-password' });
    expect(selectors).toEqual(['eu']);
  });

  it('use the validation repository of an account connector', () => {
    expect(connectionTaskOf('c', body('Git', { ...gitHttp, validationRepo: 'v.git' }), undefined).payload).toMatchObject({ kind: 'test-git', source: { url: 'https://git.example.com/team/v.git' } });
  });

  it('remember the last time it worked', () => {
    const worked = statusAfter(null, success(5, 'd'));
    expect(statusAfter(worked, failure(9, null, 'down'))).toMatchObject({ status: 'FAILURE', lastTestedAt: 9, lastConnectedAt: 5, errorSummary: 'down' });
  });
});
