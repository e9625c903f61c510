import { Box, CloseButton, Code, Group, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconRoute, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { keepRows } from '../../gateway/keep-rows.js';
import { PageLink } from '../../navigation/links.js';
import { PageTurner } from '../../navigation/page-turner.js';
import { PATHS } from '../../navigation/paths.js';
import { useSearchText } from '../../navigation/use-search-text.js';
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
  const navigate = useNavigate();
  const { q = '', page = 1 } = useSearch({ strict: false });
  const searchText = useSearchText(q, (text) => void navigate({ to: '.', search: { q: text, page: 1 }, replace: true }));
  const listKey = ['pipelines', scope];
  const query = useQuery({
    queryKey: [...listKey, q, page],
    queryFn: ({ signal }) => listPipelines(gateway, scope, { searchTerm: q, page: page - 1, size: PAGE_SIZE }, signal),
    placeholderData: keepRows(listKey),
  });
  return (
    <>
      <PageHeader title="Pipelines" description="What rolls changelogs out to the database instances of this project" />
      <Stack gap="sm">
        <TextInput
          aria-label="Search pipelines" placeholder="Search pipelines" w={{ base: '100%', sm: 320 }}
          leftSection={<IconSearch size={16} aria-hidden />} {...searchText.inputProps}
          rightSection={searchText.inputProps.value ? <CloseButton size="sm" aria-label="Clear search" onClick={searchText.clear} /> : null}
        />
        <Box className="surface">
          {query.isPending && <Stack p="md" gap="sm" aria-busy>{[0, 1, 2].map((row) => <Skeleton key={row} height={40} />)}</Stack>}
          {query.isError && !query.data && (
            <Box p="md"><ErrorState title={readFailureTitle('The list of pipelines', query.error)} error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} /></Box>
          )}
          {query.data && query.data.content.length > 0 && <PipelinesTable scope={scope} pipelines={query.data.content} />}
          {query.data?.content.length === 0 && <NoPipelines isSearch={q !== ''} />}
        </Box>
        {query.data && <PageTurner noun={['pipeline', 'pipelines']} total={query.data.totalElements} pageSize={PAGE_SIZE} page={page} onTurn={(next) => void navigate({ to: '.', search: { q, page: next } })} />}
      </Stack>
    </>
  );
}

function PipelinesTable({ scope, pipelines }: { readonly scope: ProjectScope; readonly pipelines: readonly PipelineSummary[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={720}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Pipelines">
        <Table.Thead>
          <Table.Tr><Table.Th scope="col">Pipeline</Table.Th><Table.Th scope="col" w={90}>Stages</Table.Th><Table.Th scope="col" w={260}>Last run</Table.Th><Table.Th scope="col" w={250}><Text span inherit className="sr-only">Actions</Text></Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>{pipelines.map((pipeline) => <PipelineRow key={pipeline.identifier} scope={scope} pipeline={pipeline} />)}</Table.Tbody>
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
        <PageLink to={PATHS.pipelineExecutions} params={params} fw={600} size="sm">{pipeline.name}</PageLink>
        <Text size="xs" c="dimmed" className="mono">{pipeline.identifier}</Text>
      </Table.Td>
      <Table.Td>{pipeline.numOfStages ?? '–'}</Table.Td>
      <Table.Td>
        {last?.lastExecutionStatus
          ? <Group gap="sm"><StatusBadge status={last.lastExecutionStatus} /><Text span size="sm" c="dimmed"><Timestamp value={last.lastExecutionTs} /></Text></Group>
          : <Text size="sm" c="dimmed">Never run</Text>}
      </Table.Td>
      <Table.Td>
        <Group gap="md" justify="flex-end" wrap="nowrap">
          <PageLink to={PATHS.pipelineStudio} params={params} size="sm" aria-label={`YAML of ${pipeline.name}`}>YAML</PageLink>
          <RunPipelineButton scope={scope} pipelineId={pipeline.identifier} size="compact-sm" variant="light" />
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function NoPipelines({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch) return <EmptyState icon={<IconSearch size={28} />} title="No pipeline matches">No pipeline has this text in its name or identifier.</EmptyState>;
  return (
    <EmptyState icon={<IconRoute size={30} />} title="No pipeline yet">
      Save one through the API (<Code>POST /gateway/pipeline/api/pipelines/v2</Code>, YAML in the body), or let the command line make
      one for your changelog: <Code>npm run sluice -- deploy --help</Code>.
    </EmptyState>
  );
}
