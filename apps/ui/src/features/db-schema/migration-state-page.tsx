import { Box, CloseButton, Code, Group, Skeleton, Stack, TextInput } from '@mantine/core';
import { IconListDetails, IconSearch, IconServerOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';

import { EmptyState } from '../../feedback/empty-state.js';
import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { StaleNotice } from '../../feedback/stale-notice.js';
import { WarningsNotice } from '../../feedback/warnings-notice.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { GatewayError } from '../../gateway/gateway-error.js';
import { keepRows } from '../../gateway/keep-rows.js';
import { PageButton, PageLink } from '../../navigation/links.js';
import { PageTurner } from '../../navigation/page-turner.js';
import { PATHS } from '../../navigation/paths.js';
import { useSearchText } from '../../navigation/use-search-text.js';
import { pollIntervalMs } from '../../time/poll-interval.js';
import { usePageVisible } from '../../time/use-page-visible.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { ChangesetMatrix } from './changeset-matrix.js';
import { StatusLegend } from './changeset-cell.js';
import { sourceFacts } from './source-facts.js';
import { getChangesetLabels, getDbInstance, getDbSchema, getMigrationState, listDbInstances } from './db-schema.api.js';

const PAGE_SIZE = 50;
const NO_LABELS: ReadonlyMap<string, string> = new Map();
/** As many columns as can be read side by side. */
const INSTANCES_SHOWN = 25;

/** Which changeset is on which instance of a DB schema, or on one instance. */
export function MigrationStatePage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const navigate = useNavigate();
  const isVisible = usePageVisible();
  const { schema: schemaId = '', instance: instanceId } = useParams({ strict: false });
  const { q = '', page = 1, columns = 1 } = useSearch({ strict: false });
  const turn = (to: { readonly q?: string; readonly page?: number; readonly columns?: number }): void =>
    void navigate({ to: '.', search: { q, page, columns, ...to }, replace: to.q !== undefined });
  const searchText = useSearchText(q, (text) => turn({ q: text, page: 1 }));

  const schema = useQuery({
    queryKey: ['dbSchema', scope, schemaId],
    queryFn: ({ signal }) => getDbSchema(gateway, scope, schemaId, signal),
  });
  const shown = { page: columns - 1, limit: INSTANCES_SHOWN };
  const instances = useQuery({
    queryKey: ['dbInstances', scope, schemaId, instanceId, columns],
    queryFn: ({ signal }) =>
      instanceId
        ? getDbInstance(gateway, scope, schemaId, instanceId, signal).then((one) => [one])
        : listDbInstances(gateway, scope, schemaId, shown, signal),
  });
  const listKey = ['migrationState', scope, schemaId, instanceId];
  const state = useQuery({
    queryKey: [...listKey, q, page, columns],
    queryFn: ({ signal }) =>
      getMigrationState(
        gateway,
        scope,
        schemaId,
        { searchTerm: q, page: page - 1, limit: PAGE_SIZE, instances: instanceId ?? shown },
        signal,
      ),
    placeholderData: keepRows(listKey),
    refetchInterval: () => pollIntervalMs({ isActive: false, isVisible, activeMs: 5_000, idleMs: 10_000 }),
  });
  // Labels are of an instance's history: only the page of one instance has them.
  const labels = useQuery({
    queryKey: ['changesetLabels', scope, schemaId, instanceId, q, page],
    queryFn: ({ signal }) =>
      getChangesetLabels(
        gateway,
        scope,
        schemaId,
        instanceId ?? '',
        { searchTerm: q, page: page - 1, limit: PAGE_SIZE },
        signal,
      ),
    enabled: instanceId !== undefined,
  });
  const params = { ...scopeParams(scope), schema: schemaId };
  // The state of an instance there is not would be an empty list.
  const missing =
    missingOf(`DB schema "${schemaId}"`, schema.error) ??
    (instanceId ? missingOf(`DB instance "${instanceId}"`, instances.error) : undefined);

  return (
    <>
      <PageHeader
        title={schema.data?.name ?? schemaId}
        description={
          <>
            <PageLink to={PATHS.dbSchemas} params={scopeParams(scope)} inherit>
              All DB schemas
            </PageLink>
            {schema.data &&
              sourceFacts(schema.data).map(({ label, value }) => (
                <Fragment key={label}>
                  {' '}
                  · {label} <span className="mono">{value}</span>
                </Fragment>
              ))}
            {instanceId && (
              <>
                {' '}
                · instance <b>{instanceId}</b>
              </>
            )}
          </>
        }
        actions={
          instanceId &&
          !missing && (
            <PageButton to={PATHS.dbSchema} params={params} variant="default">
              All instances
            </PageButton>
          )
        }
      />
      {missing && <ErrorState {...missing} />}
      {!missing && (
        <Stack gap="sm">
          <WarningsNotice warnings={schema.data?.warnings} />
          <Group justify="space-between" gap="sm">
            <TextInput
              aria-label="Search changesets"
              placeholder="Search changesets"
              w={{ base: '100%', sm: 320 }}
              leftSection={<IconSearch size={16} aria-hidden />}
              {...searchText.inputProps}
              rightSection={
                searchText.inputProps.value ? (
                  <CloseButton size="sm" aria-label="Clear search" onClick={searchText.clear} />
                ) : null
              }
            />
            <StatusLegend />
          </Group>
          {state.isError && state.data && <StaleNotice error={state.error} onRetry={() => void state.refetch()} />}
          <Box className="surface">
            {state.isPending && (
              <Stack p="md" gap="xs" aria-busy>
                {Array.from({ length: 8 }, (_, row) => (
                  <Skeleton key={row} height={40} />
                ))}
              </Stack>
            )}
            {state.isError && !state.data && (
              <Box p="md">
                <ErrorState
                  title={readFailureTitle('The migration state', state.error)}
                  error={state.error}
                  onRetry={() => void state.refetch()}
                  isRetrying={state.isFetching}
                />
              </Box>
            )}
            {state.data && state.data.changesets.length > 0 && (
              <ChangesetMatrix
                scope={scope}
                schemaId={schemaId}
                state={state.data}
                details={instances.data ?? []}
                labels={labels.data ?? NO_LABELS}
              />
            )}
            {state.data?.changesets.length === 0 && (
              <NoChangesets isSearch={q !== ''} hasInstances={state.data.instanceCount > 0} />
            )}
          </Box>
          {state.data && (
            <PageTurner
              noun={['changeset', 'changesets']}
              total={state.data.total}
              pageSize={PAGE_SIZE}
              page={page}
              onTurn={(next) => turn({ page: next })}
            />
          )}
          {state.data && !instanceId && (
            <PageTurner
              noun={['instance', 'instances']}
              total={state.data.instanceCount}
              pageSize={INSTANCES_SHOWN}
              page={columns}
              onTurn={(next) => turn({ columns: next })}
            />
          )}
        </Stack>
      )}
    </>
  );
}

/** An entity of the address there is not, or that the key may not see. */
function missingOf(what: string, error: Error | null): { readonly title: string; readonly error: Error } | undefined {
  if (!(error instanceof GatewayError) || (error.status !== 404 && error.status !== 403)) return undefined;
  return { title: readFailureTitle(what, error), error };
}

function NoChangesets({ isSearch, hasInstances }: { readonly isSearch: boolean; readonly hasInstances: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No changeset matches">
        No changeset has this text in its id, author or file.
      </EmptyState>
    );
  if (!hasInstances) {
    return (
      <EmptyState icon={<IconServerOff size={30} />} title="No instance yet">
        A DB instance is a database this changelog is rolled out to. Add one through the API (
        <Code>POST …/dbschema/…/instance</Code>).
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={<IconListDetails size={30} />} title="Nothing deployed yet">
      Run a pipeline with a <Code>DBSchemaApply</Code> step for this schema. What it applied, and where, appears here.
    </EmptyState>
  );
}
