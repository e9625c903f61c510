import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RouteClient } from '@sluice/http';
import type { RoleGrant } from '@sluice/kernel';
import { resolveDbStepInputs, sealSecrets } from '@sluice/ng-manager-api';
import { generateSealingKeyPair, open, sealingContext } from '@sluice/sealed-secrets';
import { testUser } from '@sluice/testing';
import { aDbSchema } from './testing/dbdevops-double.js';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from './testing/ng-manager-under-test.js';

const ACCOUNT = 'accountIdentifier=A1';
const ORG = `${ACCOUNT}&orgIdentifier=o`;
const PROJECT = `${ORG}&projectIdentifier=p`;
const inProject = { orgIdentifier: 'o', projectIdentifier: 'p' };
const SCOPES = [
  ['', PROJECT],
  ['org.', ORG],
  ['account.', ACCOUNT],
] as const;
const ADMIN: RoleGrant = { role: 'project_admin', orgId: 'o', projectId: 'p' };
const EXECUTOR: RoleGrant = { role: 'pipeline_executor', orgId: 'o', projectId: 'p' };
const VIEWER: RoleGrant = { role: 'viewer', orgId: 'o', projectId: 'p' };
/** What an administrator of a scope above gives to share what that scope holds. */
const SHARED: Readonly<Record<string, readonly RoleGrant[]>> = {
  '': [],
  'org.': [{ role: 'resource_user', orgId: 'o' }],
  'account.': [{ role: 'resource_user' }],
};
const SECRETS = '/ng/api/v2/secrets';
const CONNECTORS = '/ng/api/connectors';
const SCHEMAS = '/v1/orgs/o/projects/p/dbschema';

type Call = ReturnType<NgManagerUnderTest['as']>;
const text = (identifier: string, spec: object = {}) => ({
  secret: {
    type: 'SecretText',
    identifier,
    name: identifier,
    spec: {
      secretManagerIdentifier: 'harnessSecretManager',
      valueType: 'Inline',
      value: `value of ${identifier}`,
      ...spec,
    },
  },
});
const jdbc = (identifier: string, passwordRef: string) => ({
  connector: {
    identifier,
    name: identifier,
    ...inProject,
    type: 'JDBC',
    spec: {
      url: 'jdbc:postgresql://db.example/d',
      auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef } },
    },
  },
});
const registry = (identifier: string, passwordRef: string) => ({
  connector: {
    identifier,
    name: identifier,
    ...inProject,
    type: 'DockerRegistry',
    spec: {
      dockerRegistryUrl: 'https://mine.example/v2/',
      providerType: 'Other',
      auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef } },
    },
  },
});
const sshKey = (identifier: string, key: string) => ({
  secret: {
    type: 'SSHKey',
    identifier,
    name: identifier,
    ...inProject,
    spec: { auth: { type: 'SSH', spec: { credentialType: 'KeyReference', spec: { userName: 'git', key } } } },
  },
});
const managed = (identifier: string, manager: string) => ({
  secret: {
    ...text(identifier, { secretManagerIdentifier: manager, valueType: 'Reference', value: 'path' }).secret,
    ...inProject,
  },
});
const schema = (identifier: string, connector: string | undefined, repo?: string) => ({
  identifier,
  name: identifier,
  type: 'Repository',
  changelog: {
    location: 'db.xml',
    ...(connector === undefined ? {} : { connector }),
    ...(repo === undefined ? {} : { repo }),
  },
});

/** Every reference a user writes, and everything that is done with one. `stands` must be there in each scope under the name used. */
const USES: readonly (readonly [
  what: string,
  stands: string,
  write: (call: Call, id: string, ref: string) => Promise<HttpAnswer>,
])[] = [
  [
    'a new connector to a secret',
    'password',
    (call, id, ref) => call('POST', `${CONNECTORS}?${PROJECT}`, jdbc(id, ref)),
  ],
  [
    'a connector that is changed to a secret',
    'password',
    async (call, id, ref) => {
      await call('POST', `${CONNECTORS}?${PROJECT}`, jdbc(id, 'password'));
      return call('PUT', `${CONNECTORS}?${PROJECT}`, jdbc(id, ref));
    },
  ],
  [
    'a connector of the other dialect to a secret',
    'password',
    (call, id, ref) =>
      call('POST', `/v1/orgs/o/projects/p/connectors`, {
        connector: { identifier: id, name: id, spec: { type: 'JDBC', ...jdbc(id, ref).connector.spec } },
      }),
  ],
  [
    'a new SSH key to the secret of its key',
    'password',
    (call, id, ref) => call('POST', `${SECRETS}?${PROJECT}`, sshKey(id, ref)),
  ],
  [
    'an SSH key that is changed to the secret of its key',
    'password',
    async (call, id, ref) => {
      await call('POST', `${SECRETS}?${PROJECT}`, sshKey(id, 'password'));
      return call('PUT', `${SECRETS}/${id}?${PROJECT}`, sshKey(id, ref));
    },
  ],
  [
    'a secret to its secret manager',
    'vault',
    (call, id, ref) => call('POST', `${SECRETS}?${PROJECT}`, managed(id, ref)),
  ],
  [
    'a new DB schema to a Git connector',
    'code',
    (call, id, ref) => call('POST', `${SCHEMAS}?${ACCOUNT}`, schema(id, ref)),
  ],
  [
    'a DB schema that is changed to a Git connector',
    'code',
    (call, _, ref) => call('PUT', `${SCHEMAS}/orders?${ACCOUNT}`, schema('orders', ref)),
  ],
  [
    'a DB instance to a JDBC connector',
    'db',
    (call, id, ref) =>
      call('POST', `${SCHEMAS}/orders/instance?${ACCOUNT}`, {
        identifier: id,
        name: id,
        connector: ref,
        branch: 'main',
      }),
  ],
  [
    'branches to a Git connector',
    'code',
    (call, _, ref) => call('GET', `/v1/orgs/o/projects/p/connectors/${ref}/branches?${ACCOUNT}`),
  ],
];
/** Nothing listens where branches are read from, which is asked only once the reference may be used. */
const isTaken = ({ status }: HttpAnswer): boolean => status < 300 || status === 503;

describe('using connectors and secrets', () => {
  let ng: NgManagerUnderTest;
  let pipeline: RouteClient;
  const as = (...grants: readonly RoleGrant[]): Call => ng.as('A1', grants);
  const refusalOf = ({ body }: HttpAnswer): string => body.message ?? body.detail ?? JSON.stringify(body);

  beforeAll(async () => {
    ng = await startNgManager();
    pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
    const call = ng.as('A1');
    await call('POST', `/ng/api/organizations?${ACCOUNT}`, { organization: { identifier: 'o', name: 'o' } });
    for (const identifier of ['p', 'q'])
      await call('POST', `/ng/api/projects?${ORG}`, { project: { identifier, name: identifier } });
    for (const [, scope] of SCOPES) {
      const at = {
        ...(scope === ACCOUNT ? {} : { orgIdentifier: 'o' }),
        ...(scope === PROJECT ? { projectIdentifier: 'p' } : {}),
      };
      const made = [
        await call('POST', `${SECRETS}?${scope}`, { secret: { ...text('password').secret, ...at } }),
        await call('POST', `${CONNECTORS}?${scope}`, {
          connector: {
            identifier: 'vault',
            name: 'vault',
            ...at,
            type: 'Vault',
            spec: { vaultUrl: 'https://vault.example', renewalIntervalMinutes: 10 },
          },
        }),
        await call('POST', `${CONNECTORS}?${scope}`, {
          connector: {
            identifier: 'code',
            name: 'code',
            ...at,
            type: 'Git',
            spec: { url: 'https://git.example.com/team/app.git', type: 'Http', connectionType: 'Repo' },
          },
        }),
        await call('POST', `${CONNECTORS}?${scope}`, {
          connector: {
            identifier: 'db',
            name: 'db',
            ...at,
            type: 'JDBC',
            spec: { url: 'jdbc:postgresql://db.example/d' },
          },
        }),
      ];
      expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    }
    ng.dbdevops.schemas.set('o/p/orders', aDbSchema('orders', { connector: 'code', location: 'db.xml' }));
  }, 300_000);
  afterAll(async () => {
    await pipeline.close();
    await ng.stop();
  });

  describe.each(USES.map(([what, stands, write], at) => ({ what, stands, write, at })))(
    'reference of $what',
    ({ stands, write, at }) => {
      it.each(SCOPES.map(([prefix, scope]) => ({ prefix, isOwn: scope === PROJECT })))(
        '"$prefix…" is taken from who may use what lives there, and refused alike whether it is there or not to who may not',
        async ({ prefix, isOwn }) => {
          const id = (who: string): string => `u${at}_${prefix.replace('.', '')}${who}`;
          const without = await write(as(ADMIN), id('without'), `${prefix}${stands}`);
          expect({ isTaken: isTaken(without), answer: isTaken(without) ? '' : refusalOf(without) }).toMatchObject({
            isTaken: isOwn,
          });
          if (!isOwn) {
            const absent = await write(as(ADMIN), id('absent'), `${prefix}absent`);
            expect([without.status, absent.status]).toEqual([400, 400]);
            expect(refusalOf(without)).toContain(`"${stands}"`);
            expect(refusalOf(absent).replaceAll('absent', stands)).toBe(refusalOf(without));
          }
          const shared = await write(as(ADMIN, ...(SHARED[prefix] ?? [])), id('shared'), `${prefix}${stands}`);
          expect({ isTaken: isTaken(shared), answer: isTaken(shared) ? '' : refusalOf(shared) }).toEqual({
            isTaken: true,
            answer: '',
          });
        },
      );
    },
  );

  it('another repository read through the connector a DB schema has is a use of it', async () => {
    ng.dbdevops.schemas.set('o/p/shared', aDbSchema('shared', { connector: 'account.code', location: 'db.xml' }));
    const change = (call: Call) =>
      call('PUT', `${SCHEMAS}/shared?${ACCOUNT}`, { name: 'shared', changelog: { repo: 'other.git' } });
    expect((await change(as(ADMIN))).status).toBe(400);
    expect((await change(as(ADMIN, { role: 'resource_user' }))).status).toBe(200);
    expect((await as(ADMIN)('PUT', `${SCHEMAS}/shared?${ACCOUNT}`, { name: 'renamed' })).status).toBe(200);
  });

  it('a connector that refers to a shared secret is not changed by who may not use the secret: its address is where the secret goes', async () => {
    const admin = as({ role: 'account_admin' });
    expect((await admin('POST', `${CONNECTORS}?${PROJECT}`, registry('kept', 'account.password'))).status).toBe(200);
    const changed = registry('kept', 'account.password');
    changed.connector.spec.dockerRegistryUrl = 'https://attacker.example/v2/';
    expect((await as(ADMIN)('PUT', `${CONNECTORS}?${PROJECT}`, changed)).status).toBe(400);
    expect((await admin('GET', `${CONNECTORS}/kept?${PROJECT}`)).body.data.connector.spec.dockerRegistryUrl).toBe(
      'https://mine.example/v2/',
    );
  });

  describe('a connection test', () => {
    const TESTS = [
      ['POST', `${CONNECTORS}/testConnection/tested?${PROJECT}`],
      ['POST', `${CONNECTORS}/testGitRepoConnection/tested?${PROJECT}`],
      ['GET', `/v1/orgs/o/projects/p/connectors/tested/test-connection?${ACCOUNT}`],
    ] as const;
    beforeAll(async () => {
      expect(
        (
          await as({ role: 'account_admin' })(
            'POST',
            `${CONNECTORS}?${PROJECT}`,
            registry('tested', 'account.password'),
          )
        ).status,
      ).toBe(200);
      ng.delegateService.behaviour = (payload) =>
        ({ kind: payload.kind, outcome: { status: 'succeeded', product: 'fine' } }) as never;
    });

    it.each(TESTS)(
      '%s %s sends nothing for who may only look, nor for who may not use the secret, nor for another account',
      async (method, path) => {
        const before = ng.delegateService.submitted.length;
        expect((await as(VIEWER)(method, path)).status).toBe(403);
        expect((await as({ role: 'viewer' })(method, path)).status).toBe(403);
        expect((await as(ADMIN)(method, path)).body).toMatchObject({ code: 'INVALID_IDENTIFIER_REF' });
        expect((await as(EXECUTOR)(method, path)).body).toMatchObject({ code: 'INVALID_IDENTIFIER_REF' });
        expect(
          (await as({ role: 'project_admin', orgId: 'o', projectId: 'q' }, { role: 'resource_user' })(method, path))
            .status,
        ).toBe(403);
        expect((await ng.as('B1')(method, path)).status).toBe(403);
        expect(ng.delegateService.submitted).toHaveLength(before);
      },
    );

    it("is done for who may use connector and secret, by a delegate of the secret's scope only", async () => {
      const test = async () =>
        (await as(EXECUTOR, { role: 'resource_user' })('POST', `${CONNECTORS}/testConnection/tested?${PROJECT}`)).body
          .data;
      expect(await test()).toMatchObject({ status: 'SUCCESS' });
      ng.delegateService.delegateScope = { accountId: 'A1', orgId: 'o', projectId: 'p' };
      expect(await test()).toMatchObject({
        status: 'FAILURE',
        errorSummary: expect.stringContaining(
          'secret "password" lives in account A1, and the delegate that asks for it serves only project A1/o/p',
        ),
      });
      ng.delegateService.delegateScope = undefined;
    });
  });

  describe('a run', () => {
    const steps = [{ key: 'one', dbSchema: 's', dbInstance: 'i' }];
    const caller = (...grants: readonly RoleGrant[]) => ({
      ...testUser('A1', grants),
      correlationId: 'c',
      traceparent: undefined,
    });
    const expression = '<+secrets.getValue("account.password")>';
    const seal = async (
      expressions: readonly string[],
      delegateScope: { accountId: string; orgId?: string; projectId?: string },
      ...grants: readonly RoleGrant[]
    ) => {
      const pair = await generateSealingKeyPair();
      const body = {
        orgId: 'o',
        projectId: 'p',
        taskId: 't',
        epoch: 1,
        delegateId: 'd',
        delegateScope,
        publicKey: pair.publicKey,
        steps,
        expressions: [...expressions],
      };
      const { sealed } = await pipeline.call(caller(...grants), sealSecrets, { body });
      return Promise.all(expressions.map((one) => open(pair, sealed[one] ?? '', sealingContext('t', 1, one))));
    };
    beforeAll(async () => {
      expect(
        (await as({ role: 'account_admin' })('POST', `${CONNECTORS}?${PROJECT}`, jdbc('run_db', 'account.password')))
          .status,
      ).toBe(200);
      ng.dbdevops.pairs = [
        {
          dbSchema: {
            identifier: 's',
            name: 's',
            migrationType: 'Liquibase',
            type: 'Repository',
            connector: 'code',
            location: 'db.xml',
          },
          dbInstance: {
            identifier: 'i',
            name: 'i',
            connector: 'run_db',
            branch: 'main',
            context: '',
            substituteProperties: {},
            tags: {},
          },
        },
      ];
    });

    it('opens what its connectors refer to for whoever may run it: who stored the reference had the right', async () => {
      expect(await seal([expression], { accountId: 'A1' }, EXECUTOR)).toEqual(['value of password']);
    });

    it.each([
      '<+secrets.getValue("password")>',
      '<+secrets.getValue("org.password")>',
      '<+secrets.getValue("account.other")>',
    ])('opens no %s, which none of its connectors names, not even for an administrator', async (foreign) => {
      await expect(seal([expression, foreign], { accountId: 'A1' }, { role: 'account_admin' })).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringContaining(`${foreign} is not part of this task`),
      });
    });

    it.each([
      ['of the project', { accountId: 'A1', orgId: 'o', projectId: 'p' }],
      ['of the organization', { accountId: 'A1', orgId: 'o' }],
      ['that is gone', { accountId: '' }],
      ['of another account', { accountId: 'B1' }],
    ])('opens no secret of the account for a delegate %s', async (_, delegateScope) => {
      await expect(seal([expression], delegateScope, { role: 'account_admin' })).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringContaining('secret "password" lives in account A1'),
      });
    });

    it('stops at a reference from before the right was asked for, until somebody who has it stores it again or runs it', async () => {
      await ng.pg.query(
        ng.database,
        `UPDATE entity_uses SET is_authorised = false WHERE user_kind = 'connector' AND user_identifier = 'run_db'`,
      );
      const resolve = (...grants: readonly RoleGrant[]) =>
        pipeline.call(caller(...grants), resolveDbStepInputs, {
          body: {
            orgId: 'o',
            projectId: 'p',
            steps: [{ key: 'one', dbSchema: 's', dbInstance: 'i', command: 'Update' }],
          },
        });
      const refusal = {
        code: 'ACCESS_DENIED',
        message: expect.stringContaining(
          'have somebody with the right secret.access there save connector "run_db" once',
        ),
      };
      await expect(resolve(EXECUTOR)).rejects.toMatchObject(refusal);
      await expect(resolve(ADMIN)).rejects.toMatchObject(refusal);
      await expect(seal([expression], { accountId: 'A1' }, EXECUTOR)).rejects.toMatchObject(refusal);
      expect(Object.keys((await resolve({ role: 'account_admin' })).inputs)).toEqual(['one']);
      expect(
        (
          await as(ADMIN, { role: 'resource_user' })(
            'PUT',
            `${CONNECTORS}?${PROJECT}`,
            jdbc('run_db', 'account.password'),
          )
        ).status,
      ).toBe(200);
      expect(Object.keys((await resolve(EXECUTOR)).inputs)).toEqual(['one']);
    });
  });
});
