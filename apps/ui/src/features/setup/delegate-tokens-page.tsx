import { Badge, Code, Table, Text } from '@mantine/core';
import { IconKeyOff } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { Timestamp } from '../../time/timestamp.js';
import { WholeList } from './whole-list.js';
import { listDelegateTokens, type DelegateToken } from './setup.api.js';

/** Tokens that delegates of the account begin with, without their values. */
export function DelegateTokensPage() {
  const { account = '' } = useParams({ strict: false });
  return (
    <>
      <PageHeader
        title="Delegate tokens"
        description={
          <>
            <PageLink to={PATHS.delegates} params={{ account }} inherit>
              All delegates
            </PageLink>{' '}
            · values are never shown
          </>
        }
      />
      <WholeList
        what="delegate tokens"
        queryKey={['delegateTokens', account]}
        read={listDelegateTokens}
        renderTable={(tokens) => <TokensTable tokens={tokens} />}
        empty={
          <EmptyState icon={<IconKeyOff size={30} />} title="No delegate token yet">
            A delegate needs a token to connect. Create one through the API (
            <Code>POST /gateway/ng/api/delegate-token-ng</Code>).
          </EmptyState>
        }
      />
    </>
  );
}

function TokensTable({ tokens }: { readonly tokens: readonly DelegateToken[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={640}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Delegate tokens">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Token</Table.Th>
            <Table.Th scope="col" w={130}>
              State
            </Table.Th>
            <Table.Th scope="col" w={150}>
              Created
            </Table.Th>
            <Table.Th scope="col">Created by</Table.Th>
            <Table.Th scope="col" w={170}>
              Ends
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <Table.Tr key={token.name} data-testid="delegate-token-row">
              <Table.Td>
                <Text size="sm" fw={600} className="break-anywhere">
                  {token.name}
                </Text>
              </Table.Td>
              <Table.Td>
                <Badge variant="light" tt="none" color={token.status === 'ACTIVE' ? 'green' : 'gray'}>
                  {token.status === 'ACTIVE' ? 'Active' : 'Revoked'}
                </Badge>
              </Table.Td>
              <Table.Td>
                <Timestamp value={token.createdAt} />
              </Table.Td>
              <Table.Td>{token.createdByNgUser?.name ?? '–'}</Table.Td>
              <Table.Td>{token.revokeAfter ? <Timestamp value={token.revokeAfter} /> : 'When it is revoked'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
