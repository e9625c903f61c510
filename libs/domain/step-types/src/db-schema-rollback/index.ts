import { z } from 'zod';
import { dbStepFields } from '../db-step-spec.js';
import { changesetOutputs, liquibaseBase } from '../liquibase-base.js';
import { liquibaseSettings } from '../liquibase-settings.js';
import { defineStepType } from '../step-type.js';

const dbSchemaRollbackSpec = z
  .strictObject({
    ...dbStepFields,
    tag: z
      .string()
      .min(
        1,
        'must not be empty; a preStartTag is empty when nothing was deployed before the step, so that there is no row to tag: use changeSetCount to undo a first deployment',
      )
      .max(255, 'must be at most 255 characters')
      .optional(),
    changeSetCount: z.number().int('must be a whole number').min(1, 'must be at least 1').optional(),
    settings: liquibaseSettings.optional(),
  })
  .refine(
    (spec) => (spec.tag === undefined) !== (spec.changeSetCount === undefined),
    'give exactly one of tag and changeSetCount',
  );

/** Rolls an instance back: to a tag, or by a number of changesets. */
export const dbSchemaRollback = defineStepType({
  type: 'DBSchemaRollback',
  title: 'Rollback DB Schema',
  spec: dbSchemaRollbackSpec,
  command: 'Rollback',
  shownAs: {
    stepType: 'DBOPS_WRAPPER',
    parts: [
      { role: 'resource', stepType: 'ResourceConstraint', name: 'Resource Constraint' },
      { role: 'clone', stepType: 'DBClone', name: 'Clone Codebase' },
      { role: 'command', stepType: 'DBCompositeRollback', name: 'Rollback' },
    ],
  },
  target: ({ dbSchema, dbInstance }) => ({ dbSchema, dbInstance }),
  toWork: (spec, inputs, source) => ({
    kind: 'liquibase.rollback',
    ...liquibaseBase(spec, inputs, source, 'DBSchemaRollback'),
    ...(spec.tag === undefined ? {} : { tag: spec.tag }),
    ...(spec.changeSetCount === undefined ? {} : { changeSetCount: spec.changeSetCount }),
  }),
  toOutputs: changesetOutputs,
});
