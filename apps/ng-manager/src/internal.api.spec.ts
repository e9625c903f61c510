import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import type { RouteInput, RouteResult } from '@sluice/api-conventions';
import { Call, Route, RouteClient, startHttpApp, type RouteCall, type RunningApp } from '@sluice/http';
import { projectExistence, reportDbStep, resolveDbStepInputs, runSettings, sealSecrets } from '@sluice/ng-manager-api';
import { listBranches, readRepositoryFile } from '@sluice/scm-api';
import { generateSealingKeyPair, open, sealingContext } from '@sluice/sealed-secrets';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { testUser } from '@sluice/testing';
import { aDbSchema } from './testing/dbdevops-double.js';
import { startNgManager, type NgManagerUnderTest } from './testing/ng-manager-under-test.js';

const asked: RouteInput<typeof readRepositoryFile>['body'][] = [];

@Controller()
class ScmDouble {
  @Route(readRepositoryFile)
  read(@Call() { body }: RouteCall<typeof readRepositoryFile>): RouteResult<typeof readRepositoryFile> {
    asked.push(body);
    return { path: body.path, commit: 'c'.repeat(40), content: '<x/>', sizeBytes: 4 };
  }

  @Route(listBranches)
  branches(): RouteResult<typeof listBranches> {
    return { branches: [{ name: 'main', commit: 'c'.repeat(40) }], defaultBranch: 'main' };
  }
}
@Module({ controllers: [ScmDouble] })
class ScmModule {}

describe('what other services and the repository browser ask of ng-manager', () => {
  let scm: RunningApp;
  let ng: NgManagerUnderTest;
  let pipeline: RouteClient;
  const ctx = { ...testUser('A1'), correlationId: 'c', traceparent: undefined };
  const inProject = { orgId: 'default', projectId: 'shop' };
  const step = { key: 'one', dbSchema: 'orders', dbInstance: 'prod' };

  beforeAll(async () => {
    ng = await startNgManager({
      scm: async (identities) => {
        scm = await startHttpApp({
          service: 'scm',
          module: ScmModule,
          host: '127.0.0.1',
          port: 0,
          identity: await identities.of('scm'),
          log: createLogger('scm', 'silent'),
          tracing: Tracing.create('scm'),
          metrics: new Metrics('scm'),
          routes: [],
          errorStyle: () => 'internal',
          checkReady: async () => undefined,
        });
        return scm.url;
      },
    });
    pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
    const call = ng.as('A1');
    const scope = 'accountIdentifier=A1&orgIdentifier=default&projectIdentifier=shop';
    const secret = (identifier: string, value: string) => ({
      secret: {
        type: 'SecretText',
        identifier,
        name: identifier,
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
      },
    });
    const made = [
      await call('POST', '/ng/api/organizations?accountIdentifier=A1', {
        organization: { identifier: 'default', name: 'Default' },
      }),
      await call('POST', '/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
        project: { identifier: 'shop', name: 'Shop' },
      }),
      await call('POST', '/ng/api/v2/secrets?accountIdentifier=A1', secret('git_token', 'git-token-value')),
      await call('POST', `/ng/api/v2/secrets?${scope}`, secret('db_password', 'db-password-value')),
      await call('POST', '/ng/api/connectors?accountIdentifier=A1&orgIdentifier=default', {
        connector: {
          identifier: 'code',
          name: 'Code',
          orgIdentifier: 'default',
          type: 'Git',
          spec: {
            url: 'https://git.example.com/team',
            type: 'Http',
            connectionType: 'Account',
            spec: { username: 'bot', passwordRef: 'account.git_token' },
          },
        },
      }),
      await call('POST', `/ng/api/connectors?${scope}`, {
        connector: {
          identifier: 'db',
          name: 'Db',
          type: 'JDBC',
          spec: {
            url: 'jdbc:postgresql://db:5432/orders',
            auth: { type: 'UsernamePassword', spec: { username: 'app', passwordRef: 'db_password' } },
          },
        },
      }),
    ];
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    ng.dbdevops.schemas.set(
      'default/shop/orders',
      aDbSchema('orders', { connector: 'org.code', repo: 'app.git', location: 'db/changelog.xml' }),
    );
    ng.dbdevops.pairs = [
      {
        dbSchema: {
          identifier: 'orders',
          name: 'Orders',
          migrationType: 'Liquibase',
          type: 'Repository',
          connector: 'org.code',
          repo: 'app.git',
          location: 'db/changelog.xml',
        },
        dbInstance: {
          identifier: 'prod',
          name: 'Prod',
          connector: 'db',
          branch: 'main',
          context: '',
          substituteProperties: {},
          tags: {},
        },
      },
    ];
  }, 300_000);
  afterAll(async () => {
    await pipeline.close();
    await ng.stop();
    await scm.close();
  });

  it('joins schema, instance and connectors into the inputs of every step', async () => {
    const steps = ['one', 'two'].map((key) => ({
      key,
      dbSchema: 'orders',
      dbInstance: 'prod',
      command: 'Update' as const,
    }));
    const { inputs } = await pipeline.call(ctx, resolveDbStepInputs, { body: { ...inProject, steps } });
    expect(Object.keys(inputs)).toEqual(['one', 'two']);
    expect(inputs['one']).toMatchObject({
      schema: { changelogPath: 'db/changelog.xml' },
      source: {
        url: 'https://git.example.com/team/app.git',
        branch: 'main',
        username: 'bot',
        passwordExpression: '<+secrets.getValue("account.git_token")>',
      },
      target: { url: 'jdbc:postgresql://db:5432/orders', username: 'app', passwordSlot: 'db-password' },
      secrets: [{ name: 'db-password', expression: '<+secrets.getValue("db_password")>' }],
    });
    expect(JSON.stringify(inputs)).not.toContain('-value');
  });

  it('names the connector that is missing, and the project', async () => {
    const [pair] = ng.dbdevops.pairs;
    if (!pair) throw new Error('no pair');
    ng.dbdevops.pairs = [{ ...pair, dbInstance: { ...pair.dbInstance, connector: 'gone' } }];
    const body = {
      ...inProject,
      steps: [{ key: 'one', dbSchema: 'orders', dbInstance: 'prod', command: 'Update' as const }],
    };
    await expect(pipeline.call(ctx, resolveDbStepInputs, { body })).rejects.toMatchObject({
      code: 'INVALID_IDENTIFIER_REF',
      message: expect.stringContaining('connector of DB instance "prod": there is no connector "gone"'),
    });
    ng.dbdevops.pairs = [pair];
    await expect(
      pipeline.call(ctx, resolveDbStepInputs, { body: { ...body, projectId: 'none' } }),
    ).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
  });

  it('seals values to one lease of one delegate and records each access', async () => {
    const pair = await generateSealingKeyPair();
    const expressions = ['<+secrets.getValue("db_password")>', '<+secrets.getValue("account.git_token")>'];
    const lease = {
      taskId: 'task-1',
      epoch: 2,
      delegateId: 'd1',
      delegateScope: { accountId: 'A1' },
      steps: [step],
      publicKey: pair.publicKey,
    };
    const { sealed } = await pipeline.call(ctx, sealSecrets, { body: { ...inProject, ...lease, expressions } });
    const opened = await Promise.all(
      expressions.map((expression) => open(pair, sealed[expression] ?? '', sealingContext('task-1', 2, expression))),
    );
    expect(opened).toEqual(['db-password-value', 'git-token-value']);
    await expect(
      open(pair, sealed[expressions[0] ?? ''] ?? '', sealingContext('task-1', 3, expressions[0] ?? '')),
    ).rejects.toThrow();
    const events = await ng.pg.query(
      ng.database,
      `SELECT resource_identifier, details FROM audit_events WHERE action = 'secretAccess' ORDER BY seq`,
    );
    expect(events).toMatchObject([
      { resource_identifier: 'db_password', details: { taskId: 'task-1', delegateId: 'd1' } },
      { resource_identifier: 'git_token' },
    ]);
  });

  it('says which secret is missing, and seals none of them', async () => {
    const { publicKey } = await generateSealingKeyPair();
    const call = ng.as('A1');
    const place = 'accountIdentifier=A1&orgIdentifier=default';
    await call('POST', `/ng/api/v2/secrets?${place}`, {
      secret: {
        type: 'SecretText',
        identifier: 'none',
        name: 'none',
        orgIdentifier: 'default',
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'x' },
      },
    });
    const spec = {
      url: 'jdbc:postgresql://db:5432/orders',
      auth: { type: 'UsernamePassword', spec: { username: 'app', passwordRef: 'org.none' } },
    };
    await call('POST', `/ng/api/connectors?${place}&projectIdentifier=shop`, {
      connector: {
        identifier: 'loose',
        name: 'Loose',
        orgIdentifier: 'default',
        projectIdentifier: 'shop',
        type: 'JDBC',
        spec,
      },
    });
    expect((await call('DELETE', `/ng/api/v2/secrets/none?${place}&forceDelete=true`)).status).toBe(200);
    const [pair] = ng.dbdevops.pairs;
    if (!pair) throw new Error('no pair');
    ng.dbdevops.pairs = [{ ...pair, dbInstance: { ...pair.dbInstance, connector: 'loose' } }];
    const body = {
      ...inProject,
      taskId: 't',
      epoch: 1,
      delegateId: 'd',
      delegateScope: { accountId: 'A1' },
      steps: [step],
      publicKey,
      expressions: ['<+secrets.getValue("account.git_token")>', '<+secrets.getValue("org.none")>'],
    };
    await expect(pipeline.call(ctx, sealSecrets, { body })).rejects.toMatchObject({
      code: 'SECRET_NOT_FOUND',
      message: expect.stringContaining('there is no secret "none" in org A1/default'),
    });
    await expect(
      pipeline.call(ctx, sealSecrets, { body: { ...body, publicKey: 'x', expressions: body.expressions.slice(0, 1) } }),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    ng.dbdevops.pairs = [pair];
  });

  it('passes step reports on and answers run settings', async () => {
    const result = {
      status: 'succeeded' as const,
      changesets: [],
      history: null,
      pending: null,
      outputs: {},
      startedAt: 1,
      endedAt: 2,
    };
    const report = {
      ...inProject,
      dbSchema: 'orders',
      dbInstance: 'prod',
      command: 'Update' as const,
      pipelineIdentifier: 'p',
      planExecutionId: 'e',
      stageExecutionId: 's',
      stepExecutionId: 'x',
      result,
    };
    expect(await pipeline.call(ctx, reportDbStep, { body: report })).toEqual({ recorded: true });
    expect(ng.dbdevops.reports).toMatchObject([{ stepExecutionId: 'x', isLate: false }]);
    expect(await pipeline.call(ctx, runSettings, {})).toEqual({ uploadLogsViaPlatform: false });
  });

  it('says whether an organization and a project of it are there, to each account about its own', async () => {
    const existence = (orgId: string, projectId: string, by = ctx) =>
      pipeline.call(by, projectExistence, { query: { orgId, projectId } });
    expect(await existence('default', 'shop')).toEqual({
      hasOrg: true,
      hasProject: true,
      uniqueId: expect.any(String),
    });
    expect(await existence('default', 'nowhere')).toEqual({ hasOrg: true, hasProject: false, uniqueId: null });
    expect(await existence('nowhere', 'shop')).toEqual({ hasOrg: false, hasProject: false, uniqueId: null });
    expect(
      await existence('default', 'shop', { ...testUser('A2'), correlationId: 'c', traceparent: undefined }),
    ).toEqual({ hasOrg: false, hasProject: false, uniqueId: null });
  });

  it('takes these calls from pipeline only', async () => {
    const gateway = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('gateway'),
    });
    await expect(gateway.call(ctx, runSettings, {})).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await gateway.close();
  });

  it('previews a changelog with the credentials of its connector', async () => {
    const call = ng.as('A1');
    const answer = await call(
      'GET',
      '/v1/orgs/default/projects/shop/dbschema/orders/changelog-preview?ref=feature&routingId=A1',
    );
    expect([answer.status, answer.body]).toEqual([
      200,
      { path: 'db/changelog.xml', commit: 'c'.repeat(40), content: '<x/>', sizeBytes: 4 },
    ]);
    expect(asked).toEqual([
      {
        repository: { url: 'https://git.example.com/team/app.git', username: 'bot', password: 'git-token-value' },
        ref: 'feature',
        path: 'db/changelog.xml',
      },
    ]);
    expect((await call('GET', '/v1/orgs/default/projects/shop/dbschema/none/changelog-preview')).body).toEqual({
      message: expect.stringContaining('none'),
    });
    expect(
      (await call('GET', '/v1/orgs/default/projects/shop/connectors/org.code/branches?repo=app.git')).body,
    ).toMatchObject({ defaultBranch: 'main' });
    expect((await call('GET', '/v1/orgs/default/projects/shop/connectors/db/branches')).body).toMatchObject({
      status: 'FAILURE',
      code: 'INVALID_REQUEST',
    });
  });
});
