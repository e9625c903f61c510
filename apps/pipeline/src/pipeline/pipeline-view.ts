import type { PipelineSummary, V1PipelineListItem } from '@sluice/pipeline-api';
import type { ProjectScope } from '@sluice/kernel';
import type { Warning } from '@sluice/pipeline-engine';
import { MODULE } from '../database/list-query.js';
import { inlineGitDetails, noGovernance, startedBy, warned } from '../execution/execution-view.js';
import type { RecentRuns } from '../execution/recent-runs.js';
import type { Pipeline, PipelineSortColumn } from './pipeline.repository.js';

const QUIET_WEEK = [0, 0, 0, 0, 0, 0, 0];
const VALID = { valid: true, invalidYaml: null };

/** What clients may sort pipelines by, older form. */
export const PIPELINE_SORT: Readonly<Record<string, PipelineSortColumn>> = {
  identifier: 'identifier',
  name: 'name',
  createdAt: 'createdAt',
  lastUpdatedAt: 'updatedAt',
  version: 'version',
  'executionSummaryInfo.lastExecutionTs': 'lastExecutionAt',
};

/** The same in the `/v1` form. */
export const V1_PIPELINE_SORT: Readonly<Record<string, PipelineSortColumn>> = {
  identifier: 'identifier',
  name: 'name',
  created: 'createdAt',
  updated: 'updatedAt',
};

export function savedView(scope: ProjectScope, pipeline: Pipeline, warnings: readonly Warning[]) {
  return {
    ...warned(warnings),
    identifier: pipeline.identifier,
    governanceMetadata: noGovernance(scope, pipeline.updatedAt, 'onsave'),
  };
}

export function detailView({ yaml, version }: Pipeline) {
  return {
    yamlPipeline: yaml,
    resolvedTemplatesPipelineYaml: yaml,
    version,
    gitDetails: inlineGitDetails(),
    entityValidityDetails: VALID,
    modules: [MODULE],
    storeType: 'INLINE' as const,
  };
}

export function summaryView(pipeline: Pipeline, runs: RecentRuns | undefined): PipelineSummary {
  const [last] = runs?.newest ?? [];
  return {
    name: pipeline.name,
    identifier: pipeline.identifier,
    description: pipeline.description,
    tags: { ...pipeline.tags },
    version: pipeline.version,
    numOfStages: pipeline.stageNames.length,
    createdAt: pipeline.createdAt,
    lastUpdatedAt: pipeline.updatedAt,
    modules: [MODULE],
    executionSummaryInfo: {
      numOfErrors: runs?.errors ?? QUIET_WEEK,
      deployments: runs?.deployments ?? QUIET_WEEK,
      lastExecutionTs: last?.createdAt ?? null,
      lastExecutionStatus: last?.status ?? null,
      lastExecutionId: last?.planExecutionId ?? null,
    },
    filters: { ...pipeline.filters },
    stageNames: [...pipeline.stageNames],
    gitDetails: inlineGitDetails(),
    entityValidityDetails: VALID,
    storeType: 'INLINE',
  };
}

export function v1DetailView(scope: ProjectScope, pipeline: Pipeline, withTemplates: boolean) {
  return {
    pipeline_yaml: pipeline.yaml,
    template_applied_pipeline_yaml: withTemplates ? pipeline.yaml : null,
    identifier: pipeline.identifier,
    name: pipeline.name,
    org: scope.orgId,
    project: scope.projectId,
    description: pipeline.description,
    tags: { ...pipeline.tags },
    modules: [MODULE],
    git_details: null,
    store_type: 'INLINE' as const,
    valid: true,
    yaml_error_wrapper: [],
    created: pipeline.createdAt,
    updated: pipeline.updatedAt,
  };
}

export function v1ListItem(pipeline: Pipeline, runs: RecentRuns | undefined): V1PipelineListItem {
  return {
    identifier: pipeline.identifier,
    name: pipeline.name,
    description: pipeline.description,
    tags: { ...pipeline.tags },
    created: pipeline.createdAt,
    updated: pipeline.updatedAt,
    modules: [MODULE],
    execution_summary: { errors_count: runs?.errors ?? QUIET_WEEK, deployments_count: runs?.deployments ?? QUIET_WEEK },
    recent_execution_info: (runs?.newest ?? []).map((run) => {
      const by = startedBy(run.caller);
      return {
        executor_info: { username: by.identifier, email: by.extraInfo.email, trigger_type: 'MANUAL' },
        execution_id: run.planExecutionId,
        execution_status: run.status.toUpperCase(),
        started: run.createdAt,
        ended: run.endedAt,
        run_number: run.runSequence,
      };
    }),
    store_type: 'INLINE',
    connector_ref: null,
    valid: true,
    git_details: null,
  };
}
