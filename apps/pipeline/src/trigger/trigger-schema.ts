import { z } from 'zod';
import { CRON_TYPES, cronFault, isTimeZone } from './cron.js';

/**
 * The shape of a trigger document (api-contract 4.6). Loose: clients keep keys of their own in it, and the document is stored as it was sent.
 * What we name here must be right.
 */
const SOURCE_TYPES = ['Webhook', 'Artifact', 'Manifest', 'Scheduled', 'MultiRegionArtifact', 'SystemEvent'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

const OPERATORS = [
  'In',
  'Equals',
  'NotEquals',
  'NotIn',
  'Regex',
  'EndsWith',
  'StartsWith',
  'Contains',
  'DoesNotContain',
] as const;

const identifier = z
  .string()
  .regex(
    /^[a-zA-Z_][0-9a-zA-Z_]{0,127}$/,
    'must start with a letter or underscore and hold only letters, digits and underscores, at most 128',
  );
const text = z.string().max(4096, 'must be at most 4096 characters');
const reference = z.string().min(1, 'must not be empty').max(256, 'must be at most 256 characters');
const condition = z.looseObject({ key: reference, operator: z.enum(OPERATORS), value: text });
const conditions = {
  payloadConditions: z.array(condition).max(128).nullish(),
  headerConditions: z.array(condition).max(128).nullish(),
  jexlCondition: text.nullish(),
};
const stages = z.array(identifier).max(256);

export const triggerSchema = z.looseObject({
  identifier: identifier.refine((id) => id !== 'catalog', 'belongs to the address of the catalogue; choose another'),
  name: z.string().min(1, 'must not be empty').max(128, 'must be at most 128 characters').optional(),
  orgIdentifier: identifier,
  projectIdentifier: identifier,
  enabled: z.boolean().nullish(),
  description: text.nullish(),
  tags: z.record(z.string().max(128), z.string().max(128)).nullish(),
  pipelineIdentifier: identifier.nullish(),
  stagesToExecute: stages.nullish(),
  encryptedWebhookSecretIdentifier: z.string().max(256).nullish(),
  inputSetRefs: z.array(reference).max(64).nullish(),
  inputYaml: z.string().max(1_048_576, 'must be at most 1 MiB').nullish(),
  pipelineBranchName: text.nullish(),
  source: z.looseObject({
    type: z.enum(SOURCE_TYPES),
    pollInterval: z
      .string()
      .regex(/^(|0|([1-9]\d*[mh]\s?)+)$/, 'must be "0" or minutes and hours such as "2m" or "1h"')
      .nullish(),
    webhookId: text.nullish(),
    spec: z.looseObject({ type: z.string() }),
  }),
});
export type TriggerDocument = z.infer<typeof triggerSchema>;

const eventSpec = z.looseObject({
  connectorRef: z.string().max(256).nullish(),
  repoName: text.nullish(),
  autoAbortPreviousExecutions: z.boolean().nullish(),
  actions: z.array(z.string().max(64)).max(32).nullish(),
  ...conditions,
});

const withActions = (...actions: readonly [string, ...string[]]) =>
  eventSpec.extend({ actions: z.array(z.enum(actions)).max(32).nullish() });
const events = (...names: readonly string[]): Readonly<Record<string, z.ZodType>> =>
  Object.fromEntries(names.map((name) => [name, eventSpec]));

/** Events of each provider, with the shape of the event's spec. */
const EVENTS = {
  Github: {
    ...events('Push', 'IssueComment', 'Release', 'Delete', 'Create', 'PullRequestReview', 'MergeQueue'),
    PullRequest: withActions('Close', 'Edit', 'Open', 'Reopen', 'Label', 'Unlabel', 'Synchronize', 'ReadyForReview'),
  },
  Gitlab: {
    ...events('Push', 'MRComment', 'Tag', 'PipelineHook'),
    MergeRequest: withActions('Open', 'Close', 'Reopen', 'Merge', 'Update', 'Sync'),
  },
  Bitbucket: events('PullRequest', 'Push', 'PRComment'),
  Harness: events('PullRequest', 'Push', 'Branch', 'Tag', 'MergeQueue'),
  AzureRepo: events('PullRequest', 'Push', 'IssueComment'),
  AwsCodeCommit: events('Push'),
} as const satisfies Record<string, Readonly<Record<string, z.ZodType>>>;

const cron = z
  .looseObject({
    type: z.enum(CRON_TYPES).nullish(),
    expression: z.string(),
    timezone: z.string().refine(isTimeZone, 'is not a time zone; use a name such as Europe/Berlin or UTC').nullish(),
  })
  .superRefine(({ type, expression }, context) => {
    const fault = cronFault(expression, type ?? 'UNIX');
    if (fault !== undefined)
      context.addIssue({ code: 'custom', path: ['expression'], message: `the expression ${fault}` });
  });

const build = {
  artifactRef: z.string().max(256).nullish(),
  manifestRef: z.string().max(256).nullish(),
  stageIdentifier: z.string().max(256).nullish(),
};

/** What `spec.spec` must look like, by `spec.type`; undefined where any object will do. */
type SpecTypes = Readonly<Record<string, z.ZodType | undefined>>;

const anyObject = z.looseObject({});
const anySpec = (types: readonly string[]): SpecTypes => Object.fromEntries(types.map((type) => [type, anyObject]));

const ARTIFACTS = [
  'Gcr',
  'Ecr',
  'DockerRegistry',
  'Nexus3Registry',
  'Nexus2Registry',
  'ArtifactoryRegistry',
  'Acr',
  'AmazonS3',
  'Jenkins',
  'CustomArtifact',
  'GoogleArtifactRegistry',
  'GithubPackageRegistry',
  'AzureArtifacts',
  'AmazonMachineImage',
  'GoogleCloudStorage',
  'Bamboo',
  'HarnessArtifactRegistry',
] as const;

/** `source.spec` of each source type: its own keys, and the kinds of `spec.type`. */
export const SOURCES: Readonly<Record<SourceType, { readonly keys: z.ZodType; readonly types: SpecTypes }>> = {
  Webhook: {
    keys: anyObject,
    types: {
      ...Object.fromEntries(Object.entries(EVENTS).map(([provider, known]) => [provider, eventOf(known)])),
      Custom: z.looseObject(conditions),
      EventRelay: anyObject,
      HarnessArtifactRegistry: anyObject,
    },
  },
  Artifact: { keys: z.looseObject(build), types: anySpec(ARTIFACTS) },
  Manifest: { keys: z.looseObject(build), types: anySpec(['HelmChart']) },
  Scheduled: { keys: anyObject, types: { Cron: cron } },
  MultiRegionArtifact: {
    keys: z.looseObject({
      sources: z
        .array(z.looseObject({ spec: anyObject }))
        .min(1, 'must name at least one source')
        .max(64),
    }),
    types: Object.fromEntries(ARTIFACTS.map((type) => [type, undefined])),
  },
  SystemEvent: { keys: anyObject, types: anySpec(['Pipeline']) },
};

/** `{type: event, spec}` of a provider. */
function eventOf(known: Readonly<Record<string, z.ZodType>>): z.ZodType {
  const names = Object.keys(known) as [string, ...string[]];
  return z.looseObject({ type: z.enum(names), spec: z.looseObject({}) }).superRefine(({ type, spec }, context) => {
    for (const issue of known[type]?.safeParse(spec).error?.issues ?? [])
      context.addIssue({ ...issue, path: ['spec', ...issue.path] } as Parameters<typeof context.addIssue>[0]);
  });
}
