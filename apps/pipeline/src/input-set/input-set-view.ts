import type { ProjectScope } from '@sluice/kernel';
import type {
  InputSetDetail,
  InputSetErrorWrapper,
  InputSetSummary,
  OverlayInputSetDetail,
  V1InputSet,
} from '@sluice/pipeline-api';
import { describeProblem, type Problem } from '@sluice/pipeline-engine';
import { MODULE } from '../database/list-query.js';
import { inlineGitDetails } from '../execution/execution-view.js';
import type { InputSet, InputSetSortColumn } from './input-set.repository.js';
import type { InputSetFaults } from './input-set.service.js';

const VALID = { valid: true, invalidYaml: null };

export const V1_INPUT_SET_SORT: Readonly<Record<string, InputSetSortColumn>> = {
  identifier: 'identifier',
  name: 'name',
  created: 'createdAt',
  updated: 'updatedAt',
};

/** What does not fit, by its place; null when everything does. */
export function errorWrapper(
  problems: readonly (Problem & { readonly set?: string })[],
  source: string,
  errorPipelineYaml: string | null,
): InputSetErrorWrapper | null {
  if (problems.length === 0) return null;
  const byPlace: InputSetErrorWrapper['uuidToErrorResponseMap'] = {};
  for (const problem of problems)
    (byPlace[problem.path] ??= { errors: [] }).errors.push({
      fieldName: problem.path,
      message: describeProblem(problem),
      identifierOfErrorSource: problem.set ?? source,
    });
  const sets = [...new Set(problems.flatMap(({ set }) => (set === undefined ? [] : [set])))];
  return {
    type: 'InputSetErrorWrapper',
    errorPipelineYaml,
    uuidToErrorResponseMap: byPlace,
    invalidInputSetReferences: sets,
  };
}

export function detailOf(scope: ProjectScope, set: InputSet, faults: InputSetFaults): InputSetDetail {
  return {
    ...owner(scope, set),
    inputSetYaml: set.yaml,
    isOutdated: isOutdated(faults),
    isErrorResponse: false,
    inputSetErrorWrapper: errorWrapper(faults.problems, set.identifier, set.yaml),
    version: set.version,
    gitDetails: inlineGitDetails(),
    entityValidityDetails: VALID,
  };
}

export function overlayOf(scope: ProjectScope, set: InputSet, faults: InputSetFaults): OverlayInputSetDetail {
  return {
    ...owner(scope, set),
    inputSetReferences: [...set.references],
    overlayInputSetYaml: set.yaml,
    isOutdated: isOutdated(faults),
    isErrorResponse: false,
    invalidInputSetReferences: { ...faults.references },
    version: set.version,
    gitDetails: inlineGitDetails(),
    entityValidityDetails: VALID,
  };
}

export function summaryOf(set: InputSet, faults: InputSetFaults): InputSetSummary {
  return {
    identifier: set.identifier,
    name: set.name,
    pipelineIdentifier: set.pipelineIdentifier,
    description: set.description,
    inputSetType: set.type,
    tags: { ...set.tags },
    version: set.version,
    gitDetails: inlineGitDetails(),
    createdAt: set.createdAt,
    lastUpdatedAt: set.updatedAt,
    isOutdated: isOutdated(faults),
    inputSetErrorDetails: errorWrapper(faults.problems, set.identifier, null),
    overlaySetErrorDetails: Object.keys(faults.references).length > 0 ? { ...faults.references } : null,
    entityValidityDetails: VALID,
    modules: [MODULE],
  };
}

export function v1Of(scope: ProjectScope, set: InputSet, faults: InputSetFaults): V1InputSet {
  const [first] = faults.problems;
  return {
    input_set_yaml: set.yaml,
    identifier: set.identifier,
    name: set.name,
    org: scope.orgId,
    project: scope.projectId,
    description: set.description,
    tags: { ...set.tags },
    created: set.createdAt,
    updated: set.updatedAt,
    git_details: null,
    input_set_error: { valid: !first, message: first ? describeProblem(first) : null, outdated: isOutdated(faults) },
  };
}

function isOutdated({ problems, references }: InputSetFaults): boolean {
  return problems.length > 0 || Object.keys(references).length > 0;
}

function owner(scope: ProjectScope, set: InputSet) {
  return {
    accountId: scope.accountId,
    orgIdentifier: scope.orgId,
    projectIdentifier: scope.projectId,
    pipelineIdentifier: set.pipelineIdentifier,
    identifier: set.identifier,
    name: set.name,
    description: set.description,
    tags: { ...set.tags },
  };
}
