import type { StepResult } from '@sluice/delegate-protocol';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import { AppError } from '@sluice/kernel';

/** The part of Liquibase work that every command shares. @throws AppError PLAN_CREATION_ERROR for a Flyway schema */
export function liquibaseBase(inputs: DbStepInputs, source: string, stepType: string) {
  if (inputs.schema.migrationType !== 'Liquibase') {
    throw new AppError('PLAN_CREATION_ERROR', `${stepType} cannot run schema "${inputs.schema.identifier}": its migration type is ${inputs.schema.migrationType}, and only Liquibase schemas are supported`);
  }
  return {
    target: inputs.target,
    changelog: { source, path: inputs.schema.changelogPath },
    contexts: inputs.instance.context,
    labels: '',
    substituteProperties: inputs.instance.substituteProperties,
  };
}

/** Outputs of a DB step: those the container reports, and the changesets that ran, in both documented spellings. */
export function changesetOutputs(result: StepResult): Readonly<Record<string, unknown>> {
  const ran = result.changesets.filter(({ status }) => status === 'applied' || status === 'rolledBack' || status === 'markedRan');
  const text = JSON.stringify(ran.map(({ id, author, file, status }) => ({ id, author, file, status })));
  return { ...result.outputs, ChangeSets: text, changeSets: text };
}
