import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { TaskPayload } from '@sluice/delegate-protocol';
import { testUser } from '@sluice/testing';
import { bootstrap } from '../bootstrap.js';
import { CONNECTOR_SAMPLES, KEPT_TYPES, SECRET } from '../testing/connector-samples.js';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const PROJECT = 'accountIdentifier=A1&orgIdentifier=default&projectIdentifier=shop';
const inProject = { orgIdentifier: 'default', projectIdentifier: 'shop' };
const VALUE = 'top-secret-value';
/** Ways a delegate cannot try, with the word its reason must hold. */
const UNTESTABLE: Readonly<Record<string, string>> = {
  'JDBC without authentication': 'leads to MongoDB: there is no driver for MongoDB here',
  'JDBC ServiceAccount': 'ServiceAccount',
  'JDBC KeyPair': 'KeyPair',
  'JDBC InheritFromDelegate': 'InheritFromDelegate',
  'JDBC Oidc': 'Oidc',
  'Github GithubApp': 'GitHub Apps',
  'Github GithubApp by reference': 'GitHub Apps',
  'Vault agent': 'Vault agent',
  'Vault AWS IAM': 'AWS IAM',
  'Vault Kubernetes': 'Kubernetes service account',
  'Vault JWT': 'JWT',
};

describe('connection tests', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const make = (identifier: string, type: string, spec: object): Promise<HttpAnswer> =>
    call('POST', `/ng/api/connectors?${PROJECT}`, {
      connector: { identifier, name: identifier, ...inProject, type, spec },
    });
  const test = async (identifier: string) =>
    (await call('POST', `/ng/api/connectors/testConnection/${identifier}?${PROJECT}`, inProject)).body.data;
  const statusOf = async (identifier: string, scope = PROJECT) =>
    (await call('GET', `/ng/api/connectors/${identifier}?${scope}`)).body.data.status;
  const answer = (payload: TaskPayload, outcome: object) => ({ kind: payload.kind, outcome }) as never;

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    await call('POST', '/ng/api/organizations?accountIdentifier=A1', {
      organization: { identifier: 'default', name: 'Default' },
    });
    await call('POST', '/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
      project: { orgIdentifier: 'default', identifier: 'shop', name: 'shop' },
    });
    await call('POST', `/ng/api/v2/secrets?${PROJECT}`, {
      secret: {
        type: 'SecretText',
        identifier: SECRET,
        name: SECRET,
        ...inProject,
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: VALUE },
      },
    });
  }, 300_000);
  afterAll(() => ng.stop());

  it.each(CONNECTOR_SAMPLES.map((sample, at) => [...sample, at] as const))(
    'of %s, %s: done by a delegate with its secrets sealed to it, or plainly not done',
    async (type, variant, spec, at) => {
      const identifier = `test_${at}`;
      expect((await make(identifier, type, spec)).status).toBe(200);
      const before = ng.delegateService.submitted.length;
      let seen: Readonly<Record<string, string>> = {};
      ng.delegateService.behaviour = (payload, secrets) => {
        seen = secrets;
        return answer(payload, { status: 'succeeded', product: 'fine' });
      };
      const result = await test(identifier);
      const reason = KEPT_TYPES.includes(type)
        ? `is of type ${type}: its test is not supported yet`
        : UNTESTABLE[`${type} ${variant}`];
      if (reason) {
        expect(result).toMatchObject({
          status: 'FAILURE',
          errors: [{ reason: 'Not tested', message: expect.stringContaining(reason), code: 400 }],
          delegateId: null,
        });
        expect(ng.delegateService.submitted).toHaveLength(before);
      } else {
        expect(result).toEqual({
          status: 'SUCCESS',
          errors: [],
          errorSummary: null,
          testedAt: expect.any(Number),
          delegateId: 'd1',
        });
        const submitted = ng.delegateService.submitted.at(-1);
        expect(submitted?.selectors).toEqual('delegateSelectors' in spec ? spec.delegateSelectors : []);
        expect(submitted?.payloadJson).not.toContain(VALUE);
        const isRef = /"(?:\w+Ref|authToken|secretId)":"a_secret"/.test(
          JSON.stringify({ ...spec, apiAccess: undefined }),
        );
        expect(Object.values(seen)).toEqual(isRef ? [VALUE] : []);
      }
      expect(await statusOf(identifier)).toMatchObject({
        status: result.status,
        lastTestedAt: result.testedAt,
        lastConnectedAt: reason ? null : result.testedAt,
      });
    },
  );

  it('keep what went wrong, without forgetting when it last worked', async () => {
    ng.delegateService.behaviour = (payload) => answer(payload, { status: 'succeeded', product: 'fine' });
    const worked = await test('test_0');
    ng.delegateService.behaviour = (payload) =>
      answer(payload, {
        status: 'failed',
        error: { message: 'the database refuses user "ann"', failureType: 'Authentication' },
      });
    expect(await test('test_0')).toMatchObject({
      status: 'FAILURE',
      errorSummary: 'the database refuses user "ann"',
      errors: [{ reason: 'Authentication', message: 'the database refuses user "ann"' }],
      delegateId: 'd1',
    });
    expect(await statusOf('test_0')).toMatchObject({
      status: 'FAILURE',
      lastConnectedAt: worked.testedAt,
      errorSummary: 'the database refuses user "ann"',
    });
    const failing = await call('POST', `/ng/api/connectors/listV2?${PROJECT}`, {
      filterType: 'Connector',
      connectivityStatuses: ['FAILURE'],
      types: ['JDBC'],
      connectorIdentifiers: ['test_0'],
    });
    expect(failing.body.data.totalItems).toBe(1);
    ng.delegateService.behaviour = () => 'nobody';
    expect(await test('test_0')).toMatchObject({
      status: 'FAILURE',
      errorSummary: 'no delegate is connected to this account',
      delegateId: null,
    });
  });

  it('end as failed when nobody can read the delegate’s answer, which is set aside', async () => {
    ng.delegateService.behaviour = () => 'unreadable';
    expect(await test('test_0')).toMatchObject({
      status: 'FAILURE',
      errorSummary: expect.stringMatching(/the outcome of the test cannot be recorded: .*JSON/),
      delegateId: 'd1',
    });
    await waitFor(() => ng.delegateService.deadLetters.length === 1, { timeoutMs: 120_000, what: 'the dead letter' });
    expect(ng.delegateService.deadLetters[0]).toMatch(/JSON/);
  });

  it('wait as long as is configured, and say how long that was', async () => {
    ng.delegateService.behaviour = () => 'never';
    const replica = await bootstrap({ ...ng.environment, NG_MANAGER_DELEGATE_ANSWER_MS: '1200' });
    try {
      const headers = {
        ...(await ng.identities.headers('ng-manager', testUser('A1'))),
        'content-type': 'application/json',
      };
      const answered = await fetch(`${replica.url}/ng/api/connectors/testConnection/test_0?${PROJECT}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(inProject),
      });
      expect(await answered.json()).toMatchObject({
        data: {
          status: 'FAILURE',
          errors: [{ message: 'no delegate finished the test within 1.2 s', reason: 'Timeout' }],
        },
      });
      expect(ng.delegateService.submitted.at(-1)).toMatchObject({ queueTimeoutMs: 480, runTimeoutMs: 960 });
    } finally {
      await replica.close();
    }
  });

  it.each(['accountIdentifier=A1', 'accountIdentifier=A1&orgIdentifier=default', PROJECT])(
    'of the built-in secret manager of %s seal and open a key, without a delegate',
    async (scope) => {
      ng.delegateService.behaviour = () => 'nobody';
      expect(
        (await call('POST', `/ng/api/connectors/testConnection/harnessSecretManager?${scope}`)).body.data,
      ).toMatchObject({ status: 'SUCCESS', delegateId: null });
      expect(await statusOf('harnessSecretManager', scope)).toMatchObject({ status: 'SUCCESS' });
    },
  );

  it('of an account connector try its validation repository, or the one asked for inside the account', async () => {
    const tried = new Set<string>();
    ng.delegateService.behaviour = (payload) => {
      if (payload.kind === 'test-git') tried.add(payload.source.url);
      return answer(payload, { status: 'succeeded' });
    };
    const repo = async (identifier: string, repoURL: string) =>
      call(
        'POST',
        `/ng/api/connectors/testGitRepoConnection/${identifier}?${PROJECT}&repoURL=${encodeURIComponent(repoURL)}`,
      );
    await make('team', 'Github', {
      url: 'https://github.example/team',
      type: 'Account',
      authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { username: 'u', tokenRef: SECRET } } },
      validationRepo: 'first',
    });
    await make('bare', 'Github', {
      url: 'https://github.example/team',
      type: 'Account',
      authentication: { type: 'Http', spec: { type: 'Anonymous' } },
    });
    expect((await test('team')).status).toBe('SUCCESS');
    expect((await repo('team', 'https://github.example/team/second')).body.data.status).toBe('SUCCESS');
    expect((await repo('bare', 'third')).body.data.status).toBe('SUCCESS');
    expect([...tried]).toEqual([
      'https://github.example/team/first',
      'https://github.example/team/second',
      'https://github.example/team/third',
    ]);
    expect(await test('bare')).toMatchObject({
      status: 'FAILURE',
      errorSummary: expect.stringContaining('is for a whole account; name the repository'),
    });
    const elsewhere = await repo('team', 'https://evil.example/team/second');
    expect([elsewhere.status, elsewhere.body.message]).toEqual([
      400,
      expect.stringContaining('does not lie inside https://github.example/team'),
    ]);
    expect((await repo('test_0', 'x')).body.data).toMatchObject({
      status: 'FAILURE',
      errorSummary: expect.stringContaining('only Git connectors have repositories'),
    });
    expect(tried.size).toBe(3);
  });

  it('take an SSH key apart: who signs in, with which key, locked with what', async () => {
    const text = (identifier: string, value: string) =>
      call('POST', `/ng/api/v2/secrets?${PROJECT}`, {
        secret: {
          type: 'SecretText',
          identifier,
          name: identifier,
          ...inProject,
          spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
        },
      });
    const form = new FormData();
    form.set(
      'spec',
      JSON.stringify({
        secret: {
          type: 'SecretFile',
          identifier: 'key_file',
          name: 'key_file',
          ...inProject,
          spec: { secretManagerIdentifier: 'harnessSecretManager' },
        },
      }),
    );
    form.set(
      'file',
      new Blob(['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n']),
      'key',
    );
    const headers = await ng.identities.headers('ng-manager', {
      accountId: 'A1',
      principal: { type: 'user', id: 'u', name: 'u', email: 'u@a1.example' },
      grants: [{ role: 'account_admin' }],
    });
    expect(
      (await fetch(`${ng.app.url}/ng/api/v2/secrets/files?${PROJECT}`, { method: 'POST', headers, body: form })).status,
    ).toBe(200);
    await text('phrase', 'open sesame');
    const key = {
      secret: {
        type: 'SSHKey',
        identifier: 'deploy',
        name: 'deploy',
        ...inProject,
        spec: {
          auth: {
            type: 'SSH',
            spec: {
              credentialType: 'KeyReference',
              spec: { userName: 'git', key: 'key_file', encryptedPassphrase: 'phrase' },
            },
          },
        },
      },
    };
    expect((await call('POST', `/ng/api/v2/secrets?${PROJECT}`, key)).status).toBe(200);
    await make('over_ssh', 'Git', {
      url: 'ssh://git.example.com/team/app.git',
      type: 'Ssh',
      connectionType: 'Repo',
      spec: { sshKeyRef: 'deploy' },
    });
    ng.delegateService.behaviour = (payload, secrets) => {
      expect(payload).toMatchObject({
        kind: 'test-git',
        source: { url: 'ssh://git.example.com/team/app.git', username: 'git' },
      });
      const isWhole =
        Object.values(secrets).some((value) => value.includes('PRIVATE KEY')) &&
        Object.values(secrets).includes('open sesame');
      return answer(
        payload,
        isWhole
          ? { status: 'succeeded' }
          : { status: 'failed', error: { message: 'incomplete', failureType: 'Unknown' } },
      );
    };
    expect(await test('over_ssh')).toMatchObject({ status: 'SUCCESS' });
  });

  it('read their secrets in the name of whoever asked: a private one for its owner only, and the trail says who, from where, for which request', async () => {
    ng.delegateService.behaviour = (payload, secrets) =>
      answer(
        payload,
        Object.values(secrets).includes(VALUE)
          ? { status: 'succeeded', product: 'fine' }
          : { status: 'failed', error: { message: 'no value', failureType: 'Unknown' } },
      );
    const [owner, other] = ['owner', 'other'].map((id) =>
      ng.as(
        'A1',
        undefined,
        { id, email: `${id}@a1.example` },
        { clientAddress: '203.0.113.7', userAgent: 'client/1', keyId: `key-of-${id}` },
      ),
    );
    const secret = {
      type: 'SecretText',
      identifier: 'private_one',
      name: 'private_one',
      ...inProject,
      spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: VALUE },
    };
    expect((await owner?.('POST', `/ng/api/v2/secrets?${PROJECT}&privateSecret=true`, { secret }))?.status).toBe(200);
    const spec = {
      url: 'jdbc:postgresql://h/d',
      auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'private_one' } },
    };
    expect(
      (
        await owner?.('POST', `/ng/api/connectors?${PROJECT}`, {
          connector: { identifier: 'private_db', name: 'x', ...inProject, type: 'JDBC', spec },
        })
      )?.status,
    ).toBe(200);
    const path = `/ng/api/connectors/testConnection/private_db?${PROJECT}`;
    const tested = await owner?.('POST', path);
    expect(tested?.body.data).toMatchObject({ status: 'SUCCESS' });
    expect((await other?.('POST', path))?.body.data).toMatchObject({
      status: 'FAILURE',
      errorSummary: expect.stringContaining('there is no secret "private_one"'),
    });
    const { body } = await call('POST', `/ng/api/audits/list?${PROJECT}`, {
      resources: [{ type: 'SECRET', identifier: 'private_one' }],
      actions: ['SECRET_ACCESS'],
    });
    expect(body.data.content).toEqual([
      expect.objectContaining({
        correlationId: tested?.body.correlationId,
        requestMetadata: { clientIP: '203.0.113.7', userAgent: 'client/1' },
        authenticationInfo: {
          principal: { type: 'USER', identifier: 'owner@a1.example' },
          labels: { userId: 'owner', username: expect.any(String), keyId: 'key-of-owner' },
        },
      }),
    ]);
  });

  it('of a connector that is not there are errors', async () => {
    expect((await call('POST', `/ng/api/connectors/testConnection/nobody?${PROJECT}`)).status).toBe(404);
  });
});
