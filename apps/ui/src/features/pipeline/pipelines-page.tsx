import { Code, Group, Table, Text } from '@mantine/core';
import { IconRoute, IconSearch } from '@tabler/icons-react';

import { EmptyState } from '../../feedback/empty-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { SearchedList } from '../../navigation/searched-list.js';
import { Timestamp } from '../../time/timestamp.js';
import { StatusBadge } from '../execution/status-icon.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { listPipelines, type PipelineSummary } from './pipeline.api.js';
import { RunPipelineButton } from './run-pipeline-button.js';

const PAGE_SIZE = 20;

/** Pipelines of the project, with their last run and a way to start them. */
export function PipelinesPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  return (
    <>
      <PageHeader title="Pipelines" description="What rolls changelogs out to the database instances of this project" />
      <SearchedList
        noun={['pipeline', 'pipelines']}
        listKey={['pipelines', scope]}
        pageSize={PAGE_SIZE}
        read={async (filter, signal) => {
          const { content, totalElements } = await listPipelines(
            gateway,
            scope,
            { ...filter, size: PAGE_SIZE },
            signal,
          );
          return { rows: content, total: totalElements };
        }}
        renderTable={(pipelines) => <PipelinesTable scope={scope} pipelines={pipelines} />}
        renderEmpty={(isSearch) => <NoPipelines isSearch={isSearch} />}
      />
    </>
  );
}

function PipelinesTable({
  scope,
  pipelines,
}: {
  readonly scope: ProjectScope;
  readonly pipelines: readonly PipelineSummary[];
}) {
  return (
    <Table.ScrollContainer type="native" minWidth={720}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Pipelines">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Pipeline</Table.Th>
            <Table.Th scope="col" w={90}>
              Stages
            </Table.Th>
            <Table.Th scope="col" w={260}>
              Last run
            </Table.Th>
            <Table.Th scope="col" w={250}>
              <Text span inherit className="sr-only">
                Actions
              </Text>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {pipelines.map((pipeline) => (
            <PipelineRow key={pipeline.identifier} scope={scope} pipeline={pipeline} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function PipelineRow({ scope, pipeline }: { readonly scope: ProjectScope; readonly pipeline: PipelineSummary }) {
  const params = { ...scopeParams(scope), pipeline: pipeline.identifier };
  const last = pipeline.executionSummaryInfo;
  return (
    <Table.Tr data-testid="pipeline-row">
      <Table.Td>
        <PageLink to={PATHS.pipelineExecutions} params={params} fw={600} size="sm">
          {pipeline.name}
        </PageLink>
        <Text size="xs" c="dimmed" className="mono">
          {pipeline.identifier}
        </Text>
      </Table.Td>
      <Table.Td>{pipeline.numOfStages ?? '–'}</Table.Td>
      <Table.Td>
        {last?.lastExecutionStatus ? (
          <Group gap="sm">
            <StatusBadge status={last.lastExecutionStatus} />
            <Text span size="sm" c="dimmed">
              <Timestamp value={last.lastExecutionTs} />
            </Text>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            Never run
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap="md" justify="flex-end" wrap="nowrap">
          <PageLink to={PATHS.pipelineStudio} params={params} size="sm" aria-label={`YAML of ${pipeline.name}`}>
            YAML
          </PageLink>
          <RunPipelineButton scope={scope} pipelineId={pipeline.identifier} size="compact-sm" variant="light" />
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function NoPipelines({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No pipeline matches">
        No pipeline has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconRoute size={30} />} title="No pipeline yet">
      Save one through the API (<Code>POST /gateway/pipeline/api/pipelines/v2</Code>, YAML in the body), or let the
      command line make one for your changelog: <Code>npm run sluice -- deploy --help</Code>.
    </EmptyState>
  );
}
