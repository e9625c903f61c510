import { describe, expect, it } from '@jest/globals';
import { AppError, projectScope } from '@sluice/kernel';
import { stringify } from 'yaml';
import { readTrigger } from './trigger-yaml.js';

const scope = projectScope('acc', 'org', 'proj');
const base = {
  identifier: 't1',
  name: 'T 1',
  orgIdentifier: 'org',
  projectIdentifier: 'proj',
  pipelineIdentifier: 'pipe',
};
const sourced = (type: string, spec: unknown, more: object = {}): object => ({
  ...base,
  source: { type, spec },
  ...more,
});
const cron = (spec: object): object => sourced('Scheduled', { type: 'Cron', spec });
const github = (event: string, spec: unknown): object =>
  sourced('Webhook', { type: 'Github', spec: { type: event, spec } });

const read = (trigger: unknown) => readTrigger(stringify({ trigger }), scope, 'pipe');
const complaint = (trigger: unknown): string => {
  try {
    read(trigger);
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'SCHEMA_VALIDATION_FAILED') return cause.message;
    throw cause;
  }
  throw new Error('it was taken');
};

describe('trigger YAML', () => {
  it.each<[string, object, string, string]>([
    [
      'a GitHub pull request',
      github('PullRequest', {
        connectorRef: 'account.gh',
        repoName: 'r',
        actions: ['Open', 'ReadyForReview'],
        autoAbortPreviousExecutions: true,
        payloadConditions: [{ key: 'changedFiles', operator: 'Regex', value: 'db/.*' }],
        headerConditions: [],
        jexlCondition: '<+trigger.payload.x> == 1',
      }),
      'Webhook',
      'Github',
    ],
    ['a GitHub push with no actions', github('Push', { connectorRef: 'gh', actions: [] }), 'Webhook', 'Github'],
    [
      'a GitLab merge request',
      sourced('Webhook', { type: 'Gitlab', spec: { type: 'MergeRequest', spec: { actions: ['Sync'] } } }),
      'Webhook',
      'Gitlab',
    ],
    [
      'a Bitbucket comment',
      sourced('Webhook', { type: 'Bitbucket', spec: { type: 'PRComment', spec: {} } }),
      'Webhook',
      'Bitbucket',
    ],
    [
      'an Azure push',
      sourced('Webhook', { type: 'AzureRepo', spec: { type: 'Push', spec: {} } }),
      'Webhook',
      'AzureRepo',
    ],
    [
      'a custom webhook',
      sourced('Webhook', {
        type: 'Custom',
        spec: { payloadConditions: [{ key: '<+trigger.payload.env>', operator: 'In', value: 'a, b' }] },
      }),
      'Webhook',
      'Custom',
    ],
    [
      'a UNIX schedule',
      cron({ type: 'UNIX', expression: '0 3 * * *', timezone: 'Europe/Berlin' }),
      'Scheduled',
      'Cron',
    ],
    ['a schedule of an older form', cron({ expression: '0 3 * * *' }), 'Scheduled', 'Cron'],
    ['a QUARTZ schedule', cron({ type: 'QUARTZ', expression: '0 0 3 ? * MON' }), 'Scheduled', 'Cron'],
    [
      'a new image',
      sourced('Artifact', {
        type: 'DockerRegistry',
        artifactRef: 'a',
        stageIdentifier: 's',
        spec: { imagePath: 'x', tag: '<+trigger.artifact.build>' },
      }),
      'Artifact',
      'DockerRegistry',
    ],
    [
      'a new chart',
      sourced('Manifest', { type: 'HelmChart', manifestRef: 'm', spec: { chartName: 'x' } }),
      'Manifest',
      'HelmChart',
    ],
    [
      'images of several regions',
      sourced('MultiRegionArtifact', { type: 'Ecr', sources: [{ spec: { region: 'a' } }] }),
      'MultiRegionArtifact',
      'Ecr',
    ],
    [
      'an event of the system',
      sourced('SystemEvent', { type: 'Pipeline', spec: { pipelineId: 'x' } }),
      'SystemEvent',
      'Pipeline',
    ],
  ])('reads %s', (_what, trigger, type, sourceType) => {
    expect(read(trigger)).toMatchObject({ identifier: 't1', name: 'T 1', isEnabled: false, type, sourceType });
  });

  it('fills in what is left out, and keeps what is there', () => {
    const { name: _name, ...unnamed } = base;
    expect(read({ ...unnamed, source: { type: 'Webhook', spec: { type: 'Custom', spec: {} } } })).toEqual({
      identifier: 't1',
      name: 't1',
      description: null,
      tags: {},
      isEnabled: false,
      type: 'Webhook',
      sourceType: 'Custom',
      webhookSecretRef: null,
      inputSetRefs: [],
      inputYaml: null,
    });
    const more = {
      enabled: false,
      description: 'D',
      tags: { a: 'b' },
      encryptedWebhookSecretIdentifier: 'account.s',
      inputSetRefs: ['one'],
      inputYaml: 'pipeline: {}\n',
      stagesToExecute: ['s'],
      pipelineBranchName: '<+trigger.branch>',
      unheardOf: 1,
    };
    expect(read(sourced('Webhook', { type: 'Custom', spec: {} }, more))).toMatchObject({
      isEnabled: false,
      description: 'D',
      tags: { a: 'b' },
      webhookSecretRef: 'account.s',
      inputSetRefs: ['one'],
      inputYaml: 'pipeline: {}\n',
    });
  });

  it('is enabled only when it says so', () => {
    expect(
      [true, false, null, undefined].map(
        (enabled) => read(sourced('Webhook', { type: 'Custom', spec: {} }, { enabled })).isEnabled,
      ),
    ).toEqual([true, false, false, false]);
  });

  it('reads JSON, other root keys and a document mark', () => {
    const trigger = sourced('Webhook', { type: 'Custom', spec: {} });
    expect(
      readTrigger(JSON.stringify({ trigger, orgIdentifier: 'org', anything: [1] }), scope, 'pipe').identifier,
    ).toBe('t1');
    expect(readTrigger(`---\n${stringify({ trigger })}`, scope, 'pipe').identifier).toBe('t1');
  });

  it.each<[string, unknown, RegExp]>([
    ['no trigger inside', null, /trigger: must be a object/],
    [
      'a bad identifier',
      { ...cron({ expression: '* * * * *' }), identifier: 'a-b' },
      /line 2, trigger\.identifier: must start with a letter.*found: a-b/,
    ],
    [
      'no organization',
      { ...cron({ expression: '* * * * *' }), orgIdentifier: undefined },
      /trigger\.orgIdentifier: is missing; add it/,
    ],
    [
      'another organization',
      { ...cron({ expression: '* * * * *' }), orgIdentifier: 'else' },
      /trigger\.orgIdentifier: differs from the orgIdentifier of the request, "org" \(found: else\); make both the same/,
    ],
    [
      'another project',
      { ...cron({ expression: '* * * * *' }), projectIdentifier: 'else' },
      /trigger\.projectIdentifier: differs/,
    ],
    [
      'another pipeline',
      { ...cron({ expression: '* * * * *' }), pipelineIdentifier: 'else' },
      /trigger\.pipelineIdentifier: differs from the targetIdentifier/,
    ],
    ['a source of no type', sourced('Sometimes', {}), /trigger\.source\.type: .*use one of: Webhook, Artifact/],
    ['no source', base, /trigger\.source: is missing/],
    ['an expression as type', sourced('<+input>', { type: 'x' }), /trigger\.source\.type/],
    [
      'an unknown provider',
      sourced('Webhook', { type: 'Sourceforge', spec: {} }),
      /trigger\.source\.spec\.type: is not a kind of Webhook source \(found: Sourceforge\); use one of: Github, Gitlab/,
    ],
    [
      'an inherited name as provider',
      sourced('Webhook', { type: 'constructor', spec: {} }),
      /is not a kind of Webhook source/,
    ],
    [
      'an unknown event',
      github('Star', {}),
      /trigger\.source\.spec\.spec\.type: .*found: Star.*use one of: .*PullRequest/,
    ],
    [
      'an unknown action',
      github('PullRequest', { actions: ['Open', 'Explode'] }),
      /spec\.spec\.spec\.actions\[1\]: .*found: Explode.*ReadyForReview/,
    ],
    [
      'a misspelt operator',
      github('Push', { payloadConditions: [{ key: 'a', operator: 'Like', value: 'b' }] }),
      /payloadConditions\[0\]\.operator: .*found: Like.*DoesNotContain/,
    ],
    [
      'a condition without value',
      sourced('Webhook', { type: 'Custom', spec: { headerConditions: [{ key: 'a', operator: 'In' }] } }),
      /headerConditions\[0\]\.value: is missing/,
    ],
    ['a webhook without spec', sourced('Webhook', { type: 'Github' }), /trigger\.source\.spec\.spec: is missing/],
    [
      'a bad cron expression',
      cron({ type: 'UNIX', expression: '61 * * * *' }),
      /trigger\.source\.spec\.spec\.expression: the expression has "61" as minute.*found: 61 \* \* \* \*/,
    ],
    [
      'UNIX cron labelled QUARTZ',
      cron({ type: 'QUARTZ', expression: '0 3 * * *' }),
      /has 5 fields, QUARTZ cron has 6 or 7/,
    ],
    [
      'an unknown time zone',
      cron({ expression: '0 3 * * *', timezone: 'Mars/Base' }),
      /timezone: is not a time zone; use a name such as Europe\/Berlin.*found: Mars\/Base/,
    ],
    [
      'a schedule of another kind',
      sourced('Scheduled', { type: 'Rate', spec: {} }),
      /is not a kind of Scheduled source.*use one of: Cron/,
    ],
    [
      'a bad poll interval',
      { ...base, source: { type: 'Artifact', pollInterval: 'often', spec: { type: 'Ecr', spec: {} } } },
      /pollInterval: must be "0" or minutes/,
    ],
    [
      'text where a switch belongs',
      { ...cron({ expression: '* * * * *' }), enabled: 'yes' },
      /trigger\.enabled: must be a boolean \(found: yes\)/,
    ],
  ])('refuses %s, with place, value and remedy', (_what, trigger, message) =>
    expect(complaint(trigger)).toMatch(message),
  );

  it.each([
    ['', /no root key "trigger"/],
    ['pipeline: {}', /no root key "trigger"/],
    ['- a', /no root key/],
  ])('refuses the document %j', (yaml, message) => expect(() => readTrigger(yaml, scope, 'pipe')).toThrow(message));
  it('refuses what is no YAML', () =>
    expect(() => readTrigger('trigger: [', scope, 'pipe')).toThrow(/not readable YAML/));
});
