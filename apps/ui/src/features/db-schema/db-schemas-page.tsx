import { Box, CloseButton, Code, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconDatabase, IconSearch } from '@tabler/icons-react';
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
import { fromEpoch } from '../../time/relative-time.js';
import { Timestamp } from '../../time/timestamp.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { listDbSchemas, type DbSchema } from './db-schema.api.js';

const PAGE_SIZE = 25;

/** DB schemas of the project: changelogs and how many instances they go to. */
export function DbSchemasPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const navigate = useNavigate();
  const { q = '', page = 1 } = useSearch({ strict: false });
  const searchText = useSearchText(q, (text) => void navigate({ to: '.', search: { q: text, page: 1 }, replace: true }));
  const listKey = ['dbSchemas', scope];
  const query = useQuery({
    queryKey: [...listKey, q, page],
    queryFn: ({ signal }) => listDbSchemas(gateway, scope, { searchTerm: q, page: page - 1, limit: PAGE_SIZE }, signal),
    placeholderData: keepRows(listKey),
  });
  return (
    <>
      <PageHeader title="DB schemas" description="Changelogs of this project and the instances they are rolled out to" />
      <Stack gap="sm">
        <TextInput
          aria-label="Search DB schemas" placeholder="Search DB schemas" w={{ base: '100%', sm: 320 }}
          leftSection={<IconSearch size={16} aria-hidden />} {...searchText.inputProps}
          rightSection={searchText.inputProps.value ? <CloseButton size="sm" aria-label="Clear search" onClick={searchText.clear} /> : null}
        />
        <Box className="surface">
          {query.isPending && <Stack p="md" gap="sm" aria-busy>{[0, 1, 2].map((row) => <Skeleton key={row} height={40} />)}</Stack>}
          {query.isError && !query.data && (
            <Box p="md"><ErrorState title={readFailureTitle('The list of DB schemas', query.error)} error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} /></Box>
          )}
          {query.data && query.data.schemas.length > 0 && <SchemasTable scope={scope} schemas={query.data.schemas} />}
          {query.data?.schemas.length === 0 && <NoSchemas isSearch={q !== ''} />}
        </Box>
        {query.data && <PageTurner noun={['DB schema', 'DB schemas']} total={query.data.total} pageSize={PAGE_SIZE} page={page} onTurn={(next) => void navigate({ to: '.', search: { q, page: next } })} />}
      </Stack>
    </>
  );
}

function SchemasTable({ scope, schemas }: { readonly scope: ProjectScope; readonly schemas: readonly DbSchema[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={760}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="DB schemas">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">DB schema</Table.Th><Table.Th scope="col">Changelog</Table.Th><Table.Th scope="col" w={120}>Tool</Table.Th>
            <Table.Th scope="col" w={110}>Instances</Table.Th><Table.Th scope="col" w={150}>Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{schemas.map((schema) => <SchemaRow key={schema.identifier} scope={scope} schema={schema} />)}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function SchemaRow({ scope, schema }: { readonly scope: ProjectScope; readonly schema: DbSchema }) {
  const changed = schema.updated ?? schema.created;
  return (
    <Table.Tr data-testid="schema-row">
      <Table.Td>
        <PageLink to={PATHS.dbSchema} params={{ ...scopeParams(scope), schema: schema.identifier }} fw={600} size="sm">{schema.name}</PageLink>
        <Text size="xs" c="dimmed" className="mono">{schema.identifier}</Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="mono break-anywhere">{schema.changelog?.location ?? '–'}</Text>
        {schema.changelog?.connector && <Text size="xs" c="dimmed">{schema.changelog.connector}{schema.changelog.repo ? ` / ${schema.changelog.repo}` : ''}</Text>}
      </Table.Td>
      <Table.Td>{schema.migrationType ?? '–'}</Table.Td>
      <Table.Td className="tabular">{schema.instanceCount}</Table.Td>
      <Table.Td><Timestamp value={changed ? fromEpoch(changed) : undefined} /></Table.Td>
    </Table.Tr>
  );
}

function NoSchemas({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch) return <EmptyState icon={<IconSearch size={28} />} title="No DB schema matches">No DB schema has this text in its name or identifier.</EmptyState>;
  return (
    <EmptyState icon={<IconDatabase size={30} />} title="No DB schema yet">
      A DB schema says where a changelog lives. Create one through the API
      (<Code>POST /gateway/dbops/v1/orgs/…/projects/…/dbschema</Code>), or roll a changelog out from the command
      line: <Code>npm run sluice -- deploy --help</Code>.
    </EmptyState>
  );
}
