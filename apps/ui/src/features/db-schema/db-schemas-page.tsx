import { Code, Table, Text } from '@mantine/core';
import { IconDatabase, IconSearch } from '@tabler/icons-react';

import { EmptyState } from '../../feedback/empty-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { SearchedList } from '../../navigation/searched-list.js';
import { fromEpoch } from '../../time/relative-time.js';
import { Timestamp } from '../../time/timestamp.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { listDbSchemas, type DbSchema } from './db-schema.api.js';
import { sourceFacts } from './source-facts.js';

const PAGE_SIZE = 25;

/** DB schemas of the project: changelogs and how many instances they go to. */
export function DbSchemasPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  return (
    <>
      <PageHeader
        title="DB schemas"
        description="Changelogs of this project and the instances they are rolled out to"
      />
      <SearchedList
        noun={['DB schema', 'DB schemas']}
        listKey={['dbSchemas', scope]}
        pageSize={PAGE_SIZE}
        read={async (filter, signal) => {
          const { schemas, total } = await listDbSchemas(gateway, scope, { ...filter, limit: PAGE_SIZE }, signal);
          return { rows: schemas, total };
        }}
        renderTable={(schemas) => <SchemasTable scope={scope} schemas={schemas} />}
        renderEmpty={(isSearch) => <NoSchemas isSearch={isSearch} />}
      />
    </>
  );
}

function SchemasTable({ scope, schemas }: { readonly scope: ProjectScope; readonly schemas: readonly DbSchema[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={760}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="DB schemas">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">DB schema</Table.Th>
            <Table.Th scope="col">Changelog</Table.Th>
            <Table.Th scope="col" w={120}>
              Tool
            </Table.Th>
            <Table.Th scope="col" w={110}>
              Instances
            </Table.Th>
            <Table.Th scope="col" w={150}>
              Changed
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {schemas.map((schema) => (
            <SchemaRow key={schema.identifier} scope={scope} schema={schema} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function SchemaRow({ scope, schema }: { readonly scope: ProjectScope; readonly schema: DbSchema }) {
  const changed = schema.updated ?? schema.created;
  const facts = sourceFacts(schema);
  return (
    <Table.Tr data-testid="schema-row">
      <Table.Td>
        <PageLink to={PATHS.dbSchema} params={{ ...scopeParams(scope), schema: schema.identifier }} fw={600} size="sm">
          {schema.name}
        </PageLink>
        <Text size="xs" c="dimmed" className="mono">
          {schema.identifier}
        </Text>
      </Table.Td>
      <Table.Td>
        {facts.length === 0 && (
          <Text size="sm" className="mono">
            –
          </Text>
        )}
        {facts.map(({ label, value }, index) => (
          <Text key={label} size={index === 0 ? 'sm' : 'xs'} className="mono break-anywhere">
            {index === 0 ? value : `${label} ${value}`}
          </Text>
        ))}
        {schema.changelog?.connector && (
          <Text size="xs" c="dimmed">
            {schema.changelog.connector}
            {schema.changelog.repo ? ` / ${schema.changelog.repo}` : ''}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{schema.migrationType ?? '–'}</Table.Td>
      <Table.Td className="tabular">{schema.instanceCount}</Table.Td>
      <Table.Td>
        <Timestamp value={changed ? fromEpoch(changed) : undefined} />
      </Table.Td>
    </Table.Tr>
  );
}

function NoSchemas({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No DB schema matches">
        No DB schema has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconDatabase size={30} />} title="No DB schema yet">
      A DB schema says where a changelog lives. Create one through the API (
      <Code>POST /gateway/dbops/v1/orgs/…/projects/…/dbschema</Code>), or roll a changelog out from the command line:{' '}
      <Code>npm run sluice -- deploy --help</Code>.
    </EmptyState>
  );
}
