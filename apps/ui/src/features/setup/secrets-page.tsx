import { Code, Table, Text } from '@mantine/core';
import { IconKey, IconSearch } from '@tabler/icons-react';

import { EmptyState } from '../../feedback/empty-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { SearchedList } from '../../navigation/searched-list.js';
import { Timestamp } from '../../time/timestamp.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { listSecrets, type Secret } from './setup.api.js';

const PAGE_SIZE = 25;

/** Secrets of the project, without their values. */
export function SecretsPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  return (
    <>
      <PageHeader title="Secrets" description="Names and kinds; values are never shown" />
      <SearchedList
        noun={['secret', 'secrets']}
        listKey={['secrets', scope]}
        pageSize={PAGE_SIZE}
        read={(filter, signal) => listSecrets(gateway, scope, { ...filter, size: PAGE_SIZE }, signal)}
        renderTable={(secrets) => <SecretsTable scope={scope} secrets={secrets} />}
        renderEmpty={(isSearch) => <NoSecrets isSearch={isSearch} />}
      />
    </>
  );
}

function SecretsTable({ scope, secrets }: { readonly scope: ProjectScope; readonly secrets: readonly Secret[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={640}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Secrets">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Secret</Table.Th>
            <Table.Th scope="col" w={160}>
              Type
            </Table.Th>
            <Table.Th scope="col">State</Table.Th>
            <Table.Th scope="col" w={150}>
              Changed
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {secrets.map(({ secret, draft, updatedAt }) => (
            <Table.Tr key={secret.identifier} data-testid="secret-row">
              <Table.Td>
                <PageLink
                  to={PATHS.secret}
                  params={{ ...scopeParams(scope), secret: secret.identifier }}
                  fw={600}
                  size="sm"
                >
                  {secret.name}
                </PageLink>
                <Text size="xs" c="dimmed" className="mono">
                  {secret.identifier}
                </Text>
              </Table.Td>
              <Table.Td>{secret.type}</Table.Td>
              <Table.Td>
                <Text size="sm" className="break-anywhere">
                  {draft ? 'Draft, without a value' : 'Has a value'}
                </Text>
              </Table.Td>
              <Table.Td>
                <Timestamp value={updatedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function NoSecrets({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No secret matches">
        No secret has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconKey size={30} />} title="No secret yet">
      A secret is a password, token or file that connectors refer to. Create one through the API (
      <Code>POST /gateway/ng/api/v2/secrets</Code>). Those of the organization and account are not listed here.
    </EmptyState>
  );
}
