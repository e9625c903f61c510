import { Box, Button, CloseButton, Code, Group, MultiSelect, Stack, TextInput } from '@mantine/core';
import { IconHistory, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { StaleNotice } from '../../feedback/stale-notice.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { GatewayError } from '../../gateway/gateway-error.js';
import { keepRows } from '../../gateway/keep-rows.js';
import { PageButton } from '../../navigation/links.js';
import { PageTurner } from '../../navigation/page-turner.js';
import { PATHS } from '../../navigation/paths.js';
import { useSearchText } from '../../navigation/use-search-text.js';
import { pollIntervalMs } from '../../time/poll-interval.js';
import { usePageVisible } from '../../time/use-page-visible.js';
import { getPipeline } from '../pipeline/pipeline.api.js';
import { RunPipelineButton } from '../pipeline/run-pipeline-button.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { STATUS_FILTERS, isEnded } from './execution-status.js';
import { listExecutions } from './execution.api.js';
import { ExecutionsTable, ExecutionsTableSkeleton } from './executions-table.js';

const PAGE_SIZE = 20;
const STATUS_OPTIONS = STATUS_FILTERS.map(({ value, label }) => ({ value, label }));

/** Executions of the project, or of one pipeline. */
export function ExecutionsPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const isVisible = usePageVisible();
  const navigate = useNavigate();
  const { pipeline } = useParams({ strict: false });
  const { status: statuses = [], page = 1, q = '' } = useSearch({ strict: false });
  const narrow = (search: { status?: string[]; page?: number; q?: string }): void => {
    void navigate({ to: '.', search: { status: statuses, q, page: 1, ...search }, replace: true });
  };
  const searchText = useSearchText(q, (text) => narrow({ q: text }));

  const listKey = ['executions', scope, pipeline];
  const query = useQuery({
    queryKey: [...listKey, statuses, q, page],
    queryFn: ({ signal }) =>
      listExecutions(
        gateway,
        scope,
        { pipelineIdentifier: pipeline, statuses, searchTerm: q, page: page - 1, size: PAGE_SIZE },
        signal,
      ),
    placeholderData: keepRows(listKey),
    refetchInterval: ({ state }) =>
      pollIntervalMs({
        isActive: state.data?.content.some((execution) => !isEnded(execution)) ?? false,
        isVisible,
        activeMs: 3_000,
        idleMs: 15_000,
      }),
    refetchIntervalInBackground: true,
  });
  // Executions outlive their pipeline; a pipeline there never was has none, and must not look like one that has not run.
  const known = useQuery({
    queryKey: ['pipeline', scope, pipeline],
    queryFn: ({ signal }) => getPipeline(gateway, scope, pipeline ?? '', signal),
    enabled: pipeline !== undefined,
  });
  const missing = known.error instanceof GatewayError && known.error.status === 404 ? known.error : undefined;
  const isFiltered = statuses.length > 0 || q !== '';
  const isBare = query.data?.content.length === 0 && !isFiltered;

  return (
    <>
      <PageHeader
        title={pipeline ? `Executions of ${pipeline}` : 'Executions'}
        description={
          pipeline ? 'Every run of this pipeline, newest first' : 'Every pipeline run of this project, newest first'
        }
        actions={
          pipeline &&
          !missing && (
            <Group gap="xs">
              <PageButton to={PATHS.pipelineStudio} params={{ ...scopeParams(scope), pipeline }} variant="default">
                View YAML
              </PageButton>
              <RunPipelineButton scope={scope} pipelineId={pipeline} />
            </Group>
          )
        }
      />
      <Stack gap="sm">
        <Group gap="sm">
          <TextInput
            aria-label="Search executions"
            placeholder="Search by pipeline"
            w={{ base: '100%', sm: 280 }}
            leftSection={<IconSearch size={16} aria-hidden />}
            {...searchText.inputProps}
            rightSection={
              searchText.inputProps.value ? (
                <CloseButton size="sm" aria-label="Clear search" onClick={searchText.clear} />
              ) : null
            }
          />
          <MultiSelect
            aria-label="Status"
            placeholder={statuses.length > 0 ? undefined : 'Any status'}
            data={STATUS_OPTIONS}
            value={statuses}
            onChange={(status) => narrow({ status })}
            clearable
            miw={200}
            maw={480}
            w={{ base: '100%', sm: 'auto' }}
          />
        </Group>
        {query.isError && query.data && <StaleNotice error={query.error} onRetry={() => void query.refetch()} />}
        <Box className="surface">
          {(query.isPending || (isBare && known.isLoading)) && <ExecutionsTableSkeleton />}
          {query.isError && !query.data && (
            <Box p="md">
              <ErrorState
                title={readFailureTitle('The list of executions', query.error)}
                error={query.error}
                onRetry={() => void query.refetch()}
                isRetrying={query.isFetching}
              />
            </Box>
          )}
          {query.data && query.data.content.length > 0 && (
            <ExecutionsTable scope={scope} executions={query.data.content} />
          )}
          {query.data?.content.length === 0 &&
            !(isBare && known.isLoading) &&
            (isFiltered ? (
              <NoMatch
                onClear={() => {
                  searchText.clear();
                  narrow({ status: [], q: '' });
                }}
              />
            ) : missing ? (
              <Box p="md">
                <ErrorState title={readFailureTitle(`Pipeline "${pipeline}"`, missing)} error={missing} />
              </Box>
            ) : (
              <NothingRanYet />
            ))}
        </Box>
        {query.data && (
          <PageTurner
            noun={['execution', 'executions']}
            total={query.data.totalElements}
            pageSize={PAGE_SIZE}
            page={page}
            onTurn={(next) => narrow({ page: next })}
          />
        )}
      </Stack>
    </>
  );
}

function NoMatch({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState
      icon={<IconSearch size={28} />}
      title="No execution matches"
      actions={
        <Button variant="default" onClick={onClear}>
          Show all executions
        </Button>
      }
    >
      Nothing here has the chosen status and name.
    </EmptyState>
  );
}

function NothingRanYet() {
  const scope = useProjectScope();
  return (
    <EmptyState
      icon={<IconHistory size={30} />}
      title="Nothing has run here yet"
      actions={
        <PageButton to={PATHS.pipelines} params={scopeParams(scope)}>
          Go to pipelines
        </PageButton>
      }
    >
      Run a pipeline of this project, or roll out a changelog from the command line with{' '}
      <Code>npm run sluice -- deploy --help</Code>. This list follows by itself.
    </EmptyState>
  );
}
