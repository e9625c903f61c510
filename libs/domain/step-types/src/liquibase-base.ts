import type { StepResult } from '@sluice/delegate-protocol';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import { AppError } from '@sluice/kernel';
import { settingsOf } from './liquibase-settings.js';

interface StepSettings {
  readonly migrationType?: string | undefined;
  readonly globalSettings?: Readonly<Record<string, string>> | undefined;
  /** Of the command; they win over those of the tool. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** The part of Liquibase work that every command shares. @throws AppError PLAN_CREATION_ERROR for a Flyway schema, and for a step that names another migration type than the schema's */
export function liquibaseBase(spec: StepSettings, inputs: DbStepInputs, source: string, stepType: string) {
  if (inputs.schema.migrationType !== 'Liquibase') {
    throw new AppError(
      'PLAN_CREATION_ERROR',
      `${stepType} cannot run schema "${inputs.schema.identifier}": its migration type is ${inputs.schema.migrationType}, and only Liquibase schemas are supported`,
    );
  }
  if (spec.migrationType !== undefined && spec.migrationType !== inputs.schema.migrationType) {
    throw new AppError(
      'PLAN_CREATION_ERROR',
      `the ${stepType} step has migrationType ${spec.migrationType}, DB schema "${inputs.schema.identifier}" has ${inputs.schema.migrationType}; make both the same, or remove migrationType from the step`,
    );
  }
  const { searchPath, filePrefix } = inputs.schema;
  const { labels, settings } = settingsOf(spec.globalSettings, spec.settings);
  return {
    target: inputs.target,
    changelog: {
      source,
      path: inputs.schema.changelogPath,
      ...(searchPath ? { searchPath } : {}),
      ...(filePrefix ? { filePrefix } : {}),
    },
    contexts: inputs.instance.context,
    labels,
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
    substituteProperties: inputs.instance.substituteProperties,
  };
}

/** Outputs of a DB step: those the container reports, and the changesets that ran, in both documented spellings. */
export function changesetOutputs(result: StepResult): Readonly<Record<string, unknown>> {
  const ran = result.changesets.filter(
    ({ status }) => status === 'applied' || status === 'rolledBack' || status === 'markedRan',
  );
  const text = JSON.stringify(ran.map(({ id, author, file, status }) => ({ id, author, file, status })));
  return { ...result.outputs, ChangeSets: text, changeSets: text };
}
