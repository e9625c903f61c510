import { Code, Table, Text } from '@mantine/core';
import { IconPlugConnected, IconSearch } from '@tabler/icons-react';

import { EmptyState } from '../../feedback/empty-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { SearchedList } from '../../navigation/searched-list.js';
import { Timestamp } from '../../time/timestamp.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { connectionText } from './setup-facts.js';
import { listConnectors, type Connector } from './setup.api.js';

const PAGE_SIZE = 25;

/** Connectors of the project. */
export function ConnectorsPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  return (
    <>
      <PageHeader title="Connectors" description="How delegates reach the databases and repositories of this project" />
      <SearchedList
        noun={['connector', 'connectors']}
        listKey={['connectors', scope]}
        pageSize={PAGE_SIZE}
        read={(filter, signal) => listConnectors(gateway, scope, { ...filter, size: PAGE_SIZE }, signal)}
        renderTable={(connectors) => <ConnectorsTable scope={scope} connectors={connectors} />}
        renderEmpty={(isSearch) => <NoConnectors isSearch={isSearch} />}
      />
    </>
  );
}

function ConnectorsTable({
  scope,
  connectors,
}: {
  readonly scope: ProjectScope;
  readonly connectors: readonly Connector[];
}) {
  return (
    <Table.ScrollContainer type="native" minWidth={640}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Connectors">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Connector</Table.Th>
            <Table.Th scope="col" w={160}>
              Type
            </Table.Th>
            <Table.Th scope="col">Connection</Table.Th>
            <Table.Th scope="col" w={150}>
              Changed
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {connectors.map(({ connector, status, lastModifiedAt }) => (
            <Table.Tr key={connector.identifier} data-testid="connector-row">
              <Table.Td>
                <PageLink
                  to={PATHS.connector}
                  params={{ ...scopeParams(scope), connector: connector.identifier }}
                  fw={600}
                  size="sm"
                >
                  {connector.name}
                </PageLink>
                <Text size="xs" c="dimmed" className="mono">
                  {connector.identifier}
                </Text>
              </Table.Td>
              <Table.Td>{connector.type}</Table.Td>
              <Table.Td>
                <Text size="sm" className="break-anywhere">
                  {connectionText(status)}
                </Text>
              </Table.Td>
              <Table.Td>
                <Timestamp value={lastModifiedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function NoConnectors({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No connector matches">
        No connector has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconPlugConnected size={30} />} title="No connector yet">
      A connector says how a delegate reaches a database or a Git repository. Create one through the API (
      <Code>POST /gateway/ng/api/connectors</Code>). Those of the organization and account are not listed here.
    </EmptyState>
  );
}
