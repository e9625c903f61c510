import type { Capability, CapabilityPlace } from '@sluice/pipeline-engine';

type Row = readonly [field: string, support: Capability['support'], text: string, values?: readonly string[]];

const rows = (place: CapabilityPlace, list: readonly Row[]): Capability[] =>
  list.map(([field, support, text, values]) => ({ place, field, support, text, ...(values ? { values } : {}) }));

const NOT_APPLIED = 'not applied by the process runtime, which runs steps as processes of the delegate';
const RETRY_BY_HAND =
  'write StageRollback, PipelineRollback, Ignore, Abort or MarkAsFailure; an ended execution is run again by PUT /pipeline/api/pipeline/execute/retry/{planExecutionId}, and changesets that are applied are skipped';
const SETTINGS =
  'label-filter, and the settings of Liquibase that may be set for one run (a refusal lists them); contexts and changelog parameters are set on the DB instance';

/** Fields that every DB step has. */
const DB_STEP: readonly Row[] = [
  ['dbSchema', 'supported', 'identifier of the DB schema'],
  ['dbInstance', 'supported', 'identifier of the DB instance of that schema'],
  [
    'delegateSelectors',
    'supported',
    'tags of the delegate that runs the step; go before those of the group, the stage and the pipeline',
  ],
  [
    'connectorRef',
    'supported',
    'connector of the image registry: preflight looks it up and it cannot be deleted while it is named; the process runtime pulls no image',
  ],
  ['image', 'warned', NOT_APPLIED],
  ['imagePullPolicy', 'warned', NOT_APPLIED],
  ['privileged', 'warned', NOT_APPLIED],
  ['runAsUser', 'warned', NOT_APPLIED],
  ['reuse', 'warned', NOT_APPLIED],
  ['resources', 'warned', NOT_APPLIED],
  [
    'envVariables',
    'refused',
    'remove it; write values for the changelog as parameters into "substituteProperties" of the DB instance',
  ],
  ['globalSettings', 'supported', SETTINGS],
  ['migrationType', 'supported', 'must be the migration type of the DB schema', ['Liquibase']],
  ['migrationType', 'refused', 'write Liquibase, or remove it; Flyway migrations are not run yet', ['Flyway']],
];

/**
 * What Sluice does with every field of pipeline YAML: the one place that says it. Fields that are not here are unknown and refused by the schema.
 * A field that is built becomes `supported`; nothing else has to be changed for it to be let through.
 */
export const CAPABILITIES: readonly Capability[] = [
  ...rows('pipeline', [
    ['identifier', 'supported', 'unique in its project'],
    ['name', 'supported', 'shown to people'],
    ['description', 'supported', 'shown to people'],
    ['tags', 'supported', 'shown on the pipeline and its executions; lists may be narrowed by them'],
    ['orgIdentifier', 'supported', 'must be the organization of the request'],
    ['projectIdentifier', 'supported', 'must be the project of the request'],
    ['stages', 'supported', 'run one after another; those below "parallel" side by side'],
    ['variables', 'supported', 'read as <+pipeline.variables.NAME>'],
    ['timeout', 'supported', 'the execution ends as Expired after it; 8h when absent'],
    ['allowStageExecutions', 'supported', 'true lets some of the stages run alone'],
    ['delegateSelectors', 'supported', 'tags of the delegates that run the steps'],
    ['fixedInputsOnRerun', 'warned', 'a rerun takes the inputs of the earlier run unless others are sent'],
    ['properties', 'warned', 'no codebase is cloned; a step fetches the repository of its DB schema'],
    [
      'flowControl',
      'refused',
      'remove it; what must come later is written later in the list. Steps on the same DB instance wait for one another without it',
    ],
    [
      'notificationRules',
      'refused',
      'remove it; ask for the execution by GET /pipeline/api/pipelines/execution/v2/{planExecutionId}, or wait for it with the command line',
    ],
  ]),
  ...rows('stage', [
    ['identifier', 'supported', 'unique in the pipeline'],
    ['name', 'supported', 'shown to people'],
    ['type', 'supported', 'Custom'],
    ['description', 'supported', 'kept in the YAML'],
    ['tags', 'supported', 'kept in the YAML'],
    ['spec.execution', 'supported', '"steps", and "rollbackSteps" that run when the stage failed'],
    ['variables', 'supported', 'read as <+stage.variables.NAME>'],
    ['when', 'supported', '"pipelineStatus" (Success, Failure, All) and "condition"'],
    ['failureStrategies', 'supported', 'hold for steps without one of their own for the failure'],
    ['delegateSelectors', 'supported', 'tags of the delegates that run the steps of the stage'],
    ['timeout', 'supported', 'the stage ends as Expired after it'],
    [
      'spec.service',
      'warned',
      'the stage and its executions are filed under serviceRef; nothing is deployed to it by this',
    ],
    [
      'spec.environment',
      'warned',
      'the stage and its executions are filed under environmentRef and infrastructureDefinitions; nothing is deployed to them by this, where a step works is decided by its DB instance',
    ],
    ['spec.serviceDependencies', 'warned', 'no services are started beside a step'],
  ]),
  ...rows('stepGroup', [
    ['identifier', 'supported', 'unique in its list of steps'],
    ['name', 'supported', 'shown to people'],
    ['description', 'supported', 'kept in the YAML'],
    ['steps', 'supported', 'run one after another in one pod; those below "parallel" side by side'],
    ['when', 'supported', '"stageStatus" (Success, Failure, All) and "condition"'],
    ['failureStrategies', 'supported', 'hold for its steps without one of their own for the failure'],
    ['delegateSelectors', 'supported', 'tags of the delegate that runs the group'],
    ['stepGroupInfra', 'warned', `${NOT_APPLIED}; its "initTimeout" holds`],
    ['sharedPaths', 'warned', NOT_APPLIED],
    ['variables', 'warned', 'no expression reads variables of a step group; write them into the stage'],
  ]),
  ...rows('step', [
    ['identifier', 'supported', 'unique in its list of steps'],
    ['name', 'supported', 'shown to people'],
    ['type', 'supported', 'a step type of this page'],
    ['spec', 'supported', 'the fields of the step type'],
    ['description', 'supported', 'kept in the YAML'],
    ['timeout', 'supported', 'the step is stopped after it; 10m when absent'],
    ['when', 'supported', '"stageStatus" (Success, Failure, All) and "condition"'],
    [
      'failureStrategies',
      'supported',
      'the first one for the failure decides, before those of the group and the stage',
    ],
    ['enforce', 'refused', 'remove it; check policies before the pipeline is started, since none are evaluated here'],
  ]),
  ...rows('failureStrategy', [
    ['errors', 'supported', 'AllErrors, or the kinds of failure it holds for'],
    [
      'action.type',
      'supported',
      'the rollback steps of the stage run; so too when there is no strategy for a failure',
      ['StageRollback'],
    ],
    [
      'action.type',
      'supported',
      'the rollback steps of every stage that has run are run, last stage first',
      ['PipelineRollback'],
    ],
    ['action.type', 'supported', 'the step is shown as IgnoreFailed and the next one runs', ['Ignore']],
    ['action.type', 'supported', 'the stage ends; no rollback steps run', ['Abort']],
    ['action.type', 'supported', 'the stage fails; no rollback steps run', ['MarkAsFailure']],
    [
      'action.type',
      'warned',
      'a step group has no rollback steps of its own, so those of the stage run, as for StageRollback',
      ['StepGroupRollback'],
    ],
    ['action.spec', 'warned', 'no action that is taken has settings'],
    ['action.type', 'refused', RETRY_BY_HAND, ['Retry', 'RetryStepGroup']],
    [
      'action.type',
      'refused',
      'write Ignore, which lets the next step run and shows that this one failed; a failed step is not shown as successful',
      ['MarkAsSuccess'],
    ],
    [
      'action.type',
      'refused',
      'write StageRollback, PipelineRollback, Ignore, Abort or MarkAsFailure; no step waits for a decision of a person',
      ['ManualIntervention', 'ProceedWithDefaultValues'],
    ],
  ]),
  ...rows({ stepType: 'DBSchemaApply' }, [
    ...DB_STEP,
    ['tag', 'supported', 'the database is tagged with it after the apply; at most 255 characters'],
    [
      'markNextChangeSetRun',
      'refused',
      'remove it; mark the changeset with "liquibase mark-next-changeset-ran" against the database, the next run then skips it',
    ],
    ['tagDatabaseChangeSet', 'refused', 'remove it; write "tag", which tags the last changeset that was applied'],
  ]),
  ...rows({ stepType: 'DBSchemaRollback' }, [
    ...DB_STEP,
    ['tag', 'supported', 'everything applied after this tag is rolled back; exactly one of tag and changeSetCount'],
    ['changeSetCount', 'supported', 'this many changesets are rolled back, the latest first'],
    ['settings', 'supported', `${SETTINGS}; they win over globalSettings`],
  ]),
];
