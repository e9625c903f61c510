import { parseDuration } from '@sluice/kernel';
import { z } from 'zod';
import { conditionFault } from './conditions.js';

/**
 * The shape of a pipeline document (api-contract 6.1). Strict: a misspelt key is an error. A value that is an expression may stand
 * where another type is wanted; the model reader drops those complaints.
 */
const identifier = z
  .string()
  .regex(
    /^[a-zA-Z_][0-9a-zA-Z_]{0,127}$/,
    'must start with a letter or underscore and hold only letters, digits and underscores, at most 128',
  );
const name = z
  .string()
  .regex(
    /^[a-zA-Z_0-9\-.][-0-9a-zA-Z_\s.]{0,127}$/,
    'must start with a letter, digit, dot, dash or underscore and hold only those and spaces, at most 128',
  );

const MAX_TIMEOUT_MS = 30 * 24 * 3_600_000;
const duration = z
  .string()
  .refine((text) => durationFault(text) === undefined, { error: (issue) => durationFault(String(issue.input)) ?? '' });

function durationFault(text: string): string | undefined {
  try {
    const ms = parseDuration(text);
    if (ms < 1_000 || ms > MAX_TIMEOUT_MS) return 'must be between 1s and 30d';
    return undefined;
  } catch {
    return 'is not a duration; write for example 90s, 10m or 1h 30m';
  }
}

const condition = z
  .string()
  .refine((text) => conditionFault(text) === undefined, {
    error: (issue) => `is not a condition: ${conditionFault(String(issue.input)) ?? ''}`,
  });
const outcome = z.enum(['Success', 'Failure', 'All']);
const stageWhen = z.strictObject({ pipelineStatus: outcome, condition: condition.optional() });
const stepWhen = z.strictObject({ stageStatus: outcome, condition: condition.optional() });

export const FAILURE_TYPES = [
  'AllErrors',
  'Unknown',
  'Authentication',
  'Connectivity',
  'Timeout',
  'Authorization',
  'Verification',
  'DelegateProvisioning',
  'PolicyEvaluationFailure',
  'InputTimeoutError',
  'ApprovalRejection',
  'DelegateRestart',
  'UserMarkedFailure',
] as const;
export const FAILURE_ACTIONS = [
  'Ignore',
  'Retry',
  'MarkAsSuccess',
  'Abort',
  'StageRollback',
  'StepGroupRollback',
  'PipelineRollback',
  'ManualIntervention',
  'ProceedWithDefaultValues',
  'MarkAsFailure',
  'RetryStepGroup',
] as const;

const failureStrategies = z
  .array(
    z.strictObject({
      onFailure: z.strictObject({
        errors: z.array(z.enum(FAILURE_TYPES)).min(1),
        action: z.strictObject({ type: z.enum(FAILURE_ACTIONS), spec: z.unknown().optional() }),
      }),
    }),
  )
  .max(32);

const delegateSelectors = z.array(z.string().min(1).max(128)).max(64);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const variable = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-zA-Z_][0-9a-zA-Z_.$-]{0,127}$/,
      'must start with a letter or underscore and hold only letters, digits, _ . $ -',
    ),
  type: z.enum(['String', 'Number', 'Secret']),
  value: scalar.nullable().optional(),
  default: scalar.nullable().optional(),
  required: z.boolean().optional(),
  description: z.string().optional(),
});
const variables = z.array(variable).max(256);
const tags = z.record(z.string(), z.string());

const step = z.strictObject({
  identifier,
  name,
  type: z.string().min(1),
  spec: z.record(z.string(), z.unknown()).optional(),
  description: z.string().optional(),
  timeout: duration.optional(),
  when: stepWhen.optional(),
  failureStrategies: failureStrategies.optional(),
  enforce: z.unknown().optional(),
});

export type StepYaml = z.output<typeof step>;
/** The rest of it shapes the pod, which is the runtime's business. */
type StepGroupInfraSpec = Readonly<Record<string, unknown>> & { readonly initTimeout?: string | undefined };
export interface StepGroupYaml {
  identifier: string;
  name: string;
  description?: string | undefined;
  steps: StepItemYaml[];
  stepGroupInfra?: { type: string; spec?: StepGroupInfraSpec | null | undefined } | undefined;
  sharedPaths?: string[] | undefined;
  delegateSelectors?: string[] | undefined;
  failureStrategies?: z.output<typeof failureStrategies> | undefined;
  when?: z.output<typeof stepWhen> | undefined;
  variables?: z.output<typeof variables> | undefined;
}
export interface StepItemYaml {
  step?: StepYaml | undefined;
  stepGroup?: StepGroupYaml | undefined;
  parallel?: StepItemYaml[] | undefined;
}

const exactlyOne = (item: object): boolean => Object.values(item).filter((value) => value !== undefined).length === 1;

const stepItem: z.ZodType<StepItemYaml> = z.lazy(() =>
  z
    .strictObject({
      step: step.optional(),
      stepGroup: stepGroup.optional(),
      parallel: z.array(stepItem).min(1).max(64).optional(),
    })
    .refine(exactlyOne, 'must hold exactly one of step, stepGroup or parallel'),
);

const stepGroupShape = z.strictObject({
  identifier,
  name,
  description: z.string().optional(),
  steps: z.array(stepItem).min(1, 'must hold at least one step').max(256),
  stepGroupInfra: z
    .strictObject({
      type: z.enum(['KubernetesDirect', 'Delegate', 'Noop', 'VM', 'ECSDirect']),
      spec: z.looseObject({ initTimeout: z.literal('').or(duration).optional() }).nullish(),
    })
    .optional(),
  sharedPaths: z.array(z.string()).optional(),
  delegateSelectors: delegateSelectors.optional(),
  failureStrategies: failureStrategies.optional(),
  when: stepWhen.optional(),
  variables: variables.optional(),
});
const stepGroup: z.ZodType<StepGroupYaml> = z.lazy(() => stepGroupShape);

const filedUnder = z
  .string()
  .regex(/^(?:(?:(?:account|org)\.)?[0-9a-zA-Z_$-]{1,128})?$/, 'is no reference; write id, org.id or account.id');
const infrastructureName = z
  .string()
  .regex(/^[0-9a-zA-Z_$-]{0,128}$/, 'is no identifier of an infrastructure of the environment');
/** Beside the references there may stand what clients send for a deployment; nothing is deployed to either, so nobody reads it. */
const stageService = z.looseObject({ serviceRef: filedUnder.nullish() }).nullish();
const stageEnvironment = z
  .looseObject({
    environmentRef: filedUnder.nullish(),
    infrastructureDefinitions: z
      .array(z.looseObject({ identifier: infrastructureName.nullish() }))
      .max(64)
      .nullish(),
  })
  .nullish();

export const STAGE_TYPES = ['Custom'] as const;

const stage = z.strictObject({
  identifier,
  name,
  type: z.string().min(1),
  description: z.string().optional(),
  tags: tags.optional(),
  spec: z.strictObject({
    execution: z.strictObject({
      steps: z.array(stepItem).min(1, 'must hold at least one step').max(256),
      rollbackSteps: z.array(stepItem).max(256).optional(),
    }),
    service: stageService,
    environment: stageEnvironment,
    serviceDependencies: z.unknown().optional(),
  }),
  variables: variables.optional(),
  when: stageWhen.optional(),
  failureStrategies: failureStrategies.optional(),
  delegateSelectors: delegateSelectors.optional(),
  timeout: duration.optional(),
});

export type StageYaml = z.output<typeof stage>;
export interface StageItemYaml {
  stage?: StageYaml | undefined;
  parallel?: StageItemYaml[] | undefined;
}

const stageItem: z.ZodType<StageItemYaml> = z.lazy(() =>
  z
    .strictObject({ stage: stage.optional(), parallel: z.array(stageItem).min(1).max(64).optional() })
    .refine(exactlyOne, 'must hold exactly one of stage or parallel'),
);

export const pipelineYaml = z.strictObject({
  identifier,
  name,
  orgIdentifier: z.string().optional(),
  projectIdentifier: z.string().optional(),
  description: z.string().optional(),
  tags: tags.optional(),
  stages: z.array(stageItem).min(1, 'must hold at least one stage').max(256),
  variables: variables.optional(),
  timeout: duration.optional(),
  allowStageExecutions: z.boolean().optional(),
  fixedInputsOnRerun: z.unknown().optional(),
  flowControl: z.unknown().optional(),
  notificationRules: z.unknown().optional(),
  properties: z.unknown().optional(),
  delegateSelectors: delegateSelectors.optional(),
});
/** The fields each part of a pipeline may hold. */
export const YAML_FIELDS = {
  pipeline: Object.keys(pipelineYaml.shape),
  stage: Object.keys(stage.shape),
  stepGroup: Object.keys(stepGroupShape.shape),
  step: Object.keys(step.shape),
} as const;
export type PipelineYaml = z.output<typeof pipelineYaml>;
export type VariableYaml = z.output<typeof variable>;
export type FailureStrategyYaml = z.output<typeof failureStrategies>[number];
