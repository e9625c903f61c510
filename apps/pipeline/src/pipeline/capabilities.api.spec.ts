import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlanExecutionResponse } from '@sluice/pipeline-api';
import { Client } from 'pg';
import { readFileSync } from 'node:fs';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
} from '../testing/pipeline-under-test.js';

const strategy = (action: string): string =>
  `failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: ${action} } } }]`;
const ofPipeline = (line: string): string =>
  pipelineYaml('p', stageYaml('db', groupYaml('grp', [{ id: 'apply' }])), [line]);
const apply = (...spec: string[]): string => simplePipeline('p', { id: 'apply', spec });

describe('fields Sluice cannot obey, over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  it.each([
    ['globalSettings', apply('globalSettings: { logLevel: debug }'), /spec\.globalSettings.*"substituteProperties"/],
    [
      'settings',
      simplePipeline('p', {
        id: 'back',
        type: 'DBSchemaRollback',
        spec: ['changeSetCount: 1', 'settings: { logFile: x }'],
      }),
      /spec\.settings.*"context"/,
    ],
  ])(
    'are refused by name when they are settings of Liquibase that may not be set for one run: %s',
    async (_what, yaml, message) => {
      const answer = await world.project().send('POST', '/pipeline/api/pipelines/v2', yaml);
      expect([answer.status, answer.body.code]).toEqual([400, 'SCHEMA_VALIDATION_FAILED']);
      expect(answer.body.message).toMatch(message);
    },
  );

  it.each([
    [
      'markNextChangeSetRun',
      apply('markNextChangeSetRun: true'),
      /spec\.markNextChangeSetRun: is not supported \(found: true\); remove it; mark the changeset/,
    ],
    ['tagDatabaseChangeSet', apply('tagDatabaseChangeSet: true'), /spec\.tagDatabaseChangeSet.*write "tag"/],
    ['envVariables', apply('envVariables: { JAVA_OPTS: -Xmx1g }'), /spec\.envVariables/],
    ['migrationType Flyway', apply('migrationType: Flyway'), /spec\.migrationType.*write Liquibase/],
    [
      'barriers',
      ofPipeline('flowControl: { barriers: [{ identifier: b, name: b }] }'),
      /pipeline\.flowControl.*written later/,
    ],
    ['notificationRules', ofPipeline('notificationRules: [{ name: n, enabled: true }]'), /pipeline\.notificationRules/],
    ['enforce', simplePipeline('p', { id: 'apply', extra: ['enforce: { policySets: [account.x] }'] }), /step\.enforce/],
    [
      'Retry',
      simplePipeline('p', {
        id: 'apply',
        extra: [
          strategy(
            'Retry, spec: { retryCount: 3, retryIntervals: [10s], onRetryFailure: { action: { type: StageRollback } } }',
          ),
        ],
      }),
      /action\.type: is not supported \(found: Retry\); write StageRollback, PipelineRollback, Ignore, Abort or MarkAsFailure/,
    ],
    [
      'MarkAsSuccess',
      pipelineYaml('p', stageYaml('db', groupYaml('grp', [{ id: 'apply' }]), { extra: [strategy('MarkAsSuccess')] })),
      /write Ignore/,
    ],
    [
      'ManualIntervention',
      pipelineYaml('p', stageYaml('db', groupYaml('grp', [{ id: 'apply' }], [strategy('ManualIntervention')]))),
      /decision of a person/,
    ],
    [
      'RetryStepGroup',
      simplePipeline('p', { id: 'apply', extra: [strategy('RetryStepGroup')] }),
      /is run again by PUT/,
    ],
    [
      'ProceedWithDefaultValues',
      simplePipeline('p', { id: 'apply', extra: [strategy('ProceedWithDefaultValues')] }),
      /action\.type/,
    ],
  ])('are refused by every way to save, to validate and to run: %s', async (_what, yaml, message) => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    const v1 = `/v1/orgs/${client.org}/projects/${client.project}/pipelines`;
    const ways = await Promise.all([
      client.send('POST', '/pipeline/api/pipelines/v2', yaml),
      client.send('PUT', '/pipeline/api/pipelines/v2/p', yaml),
      client.send('POST', '/pipeline/api/pipelines/validate-yaml-with-schema', yaml),
      client.send('POST', v1, { pipeline_yaml: yaml, identifier: 'p', name: 'p' }),
      client.send('PUT', `${v1}/p`, { pipeline_yaml: yaml, identifier: 'p', name: 'p' }),
      client.send('POST', `${v1}/p/execute/dynamic`, { yaml }),
    ]);
    for (const answer of ways) {
      expect([answer.status, answer.body.code]).toEqual([422, 'NOT_IMPLEMENTED']);
      expect(answer.body.message).toMatch(message);
    }
  });

  it('are refused when a runtime input brings them, and let through when it asks for nothing', async () => {
    const client = world.project();
    await client.create(
      apply('markNextChangeSetRun: <+pipeline.variables.mark>').replace(
        '  stages:',
        '  variables: [{ name: mark, type: String, value: <+input> }]\n  stages:',
      ),
    );
    const input = (value: boolean): string =>
      `pipeline: { identifier: p, variables: [{ name: mark, type: String, value: ${value} }] }`;
    expect(await client.send('POST', '/pipeline/api/pipeline/execute/p', input(true))).toMatchObject({
      status: 422,
      body: { code: 'NOT_IMPLEMENTED' },
    });
    expect((await client.send('POST', '/pipeline/api/pipeline/execute/p', input(false))).status).toBe(200);
  });

  it('are refused at the run of a pipeline that was stored before they were', async () => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    const database = new Client({
      connectionString: readFileSync(world.env['PIPELINE_DATABASE_URL_FILE'] ?? '', 'utf8'),
    });
    await database.connect();
    await database.query('UPDATE pipelines SET yaml = $1 WHERE project_id = $2', [
      apply('markNextChangeSetRun: true'),
      client.project,
    ]);
    await database.end();
    expect((await client.send('GET', '/pipeline/api/pipelines/p')).status).toBe(200);
    const answer = await client.send('POST', '/pipeline/api/pipeline/execute/p', '');
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'NOT_IMPLEMENTED', message: expect.stringMatching(/markNextChangeSetRun/) },
    });
    expect(world.ngManager.state.reports.filter(({ dbSchema }) => dbSchema === client.project)).toEqual([]);
  });

  it('that only shape a container are taken and said: in the answers to save and run, and on the step', async () => {
    const client = world.project();
    const yaml = apply(
      'image: me/liquibase:9',
      'privileged: true',
      'runAsUser: 7',
      'imagePullPolicy: Always',
      'resources: { limits: { memory: 4Gi } }',
    );
    type Warned = { warnings?: { field: string; message: string }[] };
    const saved = await client.send<Warned>('POST', '/pipeline/api/pipelines/v2', yaml);
    const spec = 'pipeline.stages[0].stage.spec.execution.steps[0].stepGroup.steps[0].step.spec';
    expect(saved.body.data.warnings?.map(({ field }) => field)).toEqual(
      expect.arrayContaining(
        ['image', 'privileged', 'runAsUser', 'imagePullPolicy', 'resources'].map((key) => `${spec}.${key}`),
      ),
    );
    expect(saved.body.data.warnings?.find(({ field }) => field.endsWith('.image'))?.message).toMatch(
      /line \d+, .*has no effect \(found: me\/liquibase:9\); not applied by the process runtime/,
    );
    const v1 = await client.send<never>('PUT', `/v1/orgs/${client.org}/projects/${client.project}/pipelines/p`, {
      pipeline_yaml: yaml,
      identifier: 'p',
      name: 'p',
    });
    expect((v1.body as unknown as Warned).warnings).toHaveLength(saved.body.data.warnings?.length ?? 0);
    const started = await client.send<PlanExecutionResponse>('POST', '/pipeline/api/pipeline/execute/p', '');
    const unused =
      'image, imagePullPolicy, privileged, runAsUser, resources: not applied by the process runtime, which runs steps as processes of the delegate';
    expect(started.body.data.warnings).toContainEqual({
      field: 'pipeline.stages.db.spec.execution.steps.grp.steps.apply',
      message: unused,
    });
    const nodes = byIdentifier(await client.ended(started.body.data.planExecution.uuid));
    expect(nodes['apply']).toMatchObject({ status: 'Success', progressData: { notes: [unused] } });
    expect(nodes['grp']).toMatchObject({
      progressData: { notes: [expect.stringMatching(/^stepGroupInfra: not applied/)] },
    });
  });

  it('are no reason for a warning where there are none', async () => {
    const client = world.project();
    const json = JSON.stringify({
      pipeline: {
        identifier: 'j',
        name: 'j',
        stages: [
          {
            stage: {
              identifier: 's',
              name: 's',
              type: 'Custom',
              spec: {
                execution: {
                  steps: [
                    {
                      stepGroup: {
                        identifier: 'g',
                        name: 'g',
                        steps: [
                          {
                            step: {
                              identifier: 'a',
                              name: 'a',
                              type: 'DBSchemaApply',
                              spec: { dbSchema: 's', dbInstance: 'i' },
                            },
                          },
                        ],
                      },
                    },
                  ],
                },
              },
            },
          },
        ],
      },
    });
    expect(Object.keys((await client.send<object>('POST', '/pipeline/api/pipelines/v2', json)).body.data)).toEqual([
      'identifier',
      'governanceMetadata',
    ]);
  });
});
