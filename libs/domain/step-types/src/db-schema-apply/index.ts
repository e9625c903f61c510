import { z } from 'zod';
import { dbStepFields } from '../db-step-spec.js';
import { changesetOutputs, liquibaseBase } from '../liquibase-base.js';
import { defineStepType } from '../step-type.js';

const dbSchemaApplySpec = z.strictObject({
  ...dbStepFields,
  tag: z.string().min(1, 'must not be empty').max(255, 'must be at most 255 characters').optional(),
  markNextChangeSetRun: z.boolean().optional(),
  tagDatabaseChangeSet: z.boolean().optional(),
});

/** Rolls a schema's changelog out to an instance and tags the database when asked to. */
export const dbSchemaApply = defineStepType({
  type: 'DBSchemaApply',
  title: 'Apply DB Schema',
  spec: dbSchemaApplySpec,
  command: 'Update',
  shownAs: {
    stepType: 'DBOPS_WRAPPER',
    parts: [
      { role: 'resource', stepType: 'ResourceConstraint', name: 'Resource Constraint' },
      { role: 'clone', stepType: 'DBClone', name: 'Clone Codebase' },
      { role: 'command', stepType: 'DBCompositeUpdate', name: 'Apply' },
    ],
  },
  target: ({ dbSchema, dbInstance }) => ({ dbSchema, dbInstance }),
  toWork: (spec, inputs, source) => ({
    kind: 'liquibase.update',
    ...liquibaseBase(spec, inputs, source, 'DBSchemaApply'),
    ...(spec.tag === undefined ? {} : { tag: spec.tag }),
  }),
  toOutputs: changesetOutputs,
});
