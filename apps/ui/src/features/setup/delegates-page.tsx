import { Badge, Code, Table, Text } from '@mantine/core';
import { IconServerOff } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { PageButton } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { Timestamp } from '../../time/timestamp.js';
import { WholeList } from './whole-list.js';
import { listDelegates, type Delegate } from './setup.api.js';

const REFRESH_MS = 15_000;

/** Delegates of the account and of everything inside it. */
export function DelegatesPage() {
  const { account = '' } = useParams({ strict: false });
  return (
    <>
      <PageHeader
        title="Delegates"
        description="Programs in your network that reach the databases and repositories"
        actions={
          <PageButton to={PATHS.delegateTokens} params={{ account }} variant="default">
            Delegate tokens
          </PageButton>
        }
      />
      <WholeList
        what="delegates"
        queryKey={['delegates', account]}
        read={listDelegates}
        refetchMs={REFRESH_MS}
        renderTable={(delegates) => <DelegatesTable delegates={delegates} />}
        empty={
          <EmptyState icon={<IconServerOff size={30} />} title="No delegate yet">
            Nothing can be rolled out without one. Create a token through the API (
            <Code>POST /gateway/ng/api/delegate-token-ng</Code>) and start a delegate with it where the databases can be
            reached.
          </EmptyState>
        }
      />
    </>
  );
}

function DelegatesTable({ delegates }: { readonly delegates: readonly Delegate[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={760}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Delegates">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Delegate</Table.Th>
            <Table.Th scope="col" w={140}>
              Connection
            </Table.Th>
            <Table.Th scope="col" w={150}>
              Last heard of
            </Table.Th>
            <Table.Th scope="col">Hosts</Table.Th>
            <Table.Th scope="col">Selectors</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {delegates.map((delegate) => (
            <DelegateRow key={[delegate.orgName, delegate.projectName, delegate.name].join('/')} delegate={delegate} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function DelegateRow({ delegate }: { readonly delegate: Delegate }) {
  const place = [delegate.orgName, delegate.projectName].filter(Boolean).join(' / ') || 'account';
  return (
    <Table.Tr data-testid="delegate-row">
      <Table.Td>
        <Text size="sm" fw={600} className="break-anywhere">
          {delegate.name}
        </Text>
        <Text size="xs" c="dimmed">
          {place}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" tt="none" color={delegate.connected ? 'green' : 'red'}>
          {delegate.connected ? 'Connected' : 'Not connected'}
        </Badge>
      </Table.Td>
      <Table.Td>
        <Timestamp value={delegate.lastHeartBeat} />
      </Table.Td>
      <Table.Td>
        {delegate.delegateReplicas.map(({ uuid, hostName, version, connected }) => (
          <Text key={uuid} size="sm" className="break-anywhere">
            {hostName} · {version}
            {connected ? '' : ' · not connected'}
          </Text>
        ))}
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="break-anywhere">
          {delegate.tags.join(', ') || '–'}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
