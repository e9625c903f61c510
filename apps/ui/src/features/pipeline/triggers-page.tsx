import { Badge, Code, Table, Text } from '@mantine/core';
import { IconBolt, IconSearch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { SearchedList } from '../../navigation/searched-list.js';
import { Timestamp } from '../../time/timestamp.js';
import { useProjectScope } from '../project/use-project-scope.js';
import { PipelinePartPage } from './pipeline-part-page.js';
import { listTriggers, type Trigger } from './pipeline-parts.api.js';
import { triggerState } from './trigger-state.js';

const PAGE_SIZE = 25;

/** Triggers of a pipeline, to read. */
export function TriggersPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const { pipeline = '' } = useParams({ strict: false });
  return (
    <PipelinePartPage scope={scope} pipelineId={pipeline} title="Triggers">
      <SearchedList
        noun={['trigger', 'triggers']}
        listKey={['triggers', scope, pipeline]}
        pageSize={PAGE_SIZE}
        read={(filter, signal) => listTriggers(gateway, scope, pipeline, { ...filter, size: PAGE_SIZE }, signal)}
        renderTable={(triggers) => <TriggersTable triggers={triggers} />}
        renderEmpty={(isSearch) => <NoTriggers isSearch={isSearch} />}
      />
    </PipelinePartPage>
  );
}

function TriggersTable({ triggers }: { readonly triggers: readonly Trigger[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={720}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Triggers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Trigger</Table.Th>
            <Table.Th scope="col" w={140}>
              Type
            </Table.Th>
            <Table.Th scope="col">State</Table.Th>
            <Table.Th scope="col" w={190}>
              Last started a run
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {triggers.map((trigger) => (
            <TriggerRow key={trigger.identifier} trigger={trigger} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function TriggerRow({ trigger }: { readonly trigger: Trigger }) {
  const { label, problem } = triggerState(trigger);
  const last = trigger.lastTriggerExecutionDetails;
  return (
    <Table.Tr data-testid="trigger-row">
      <Table.Td>
        <Text size="sm" fw={600} className="break-anywhere">
          {trigger.name}
        </Text>
        <Text size="xs" c="dimmed" className="mono">
          {trigger.identifier}
        </Text>
      </Table.Td>
      <Table.Td>{trigger.type}</Table.Td>
      <Table.Td>
        <Badge variant="default" tt="none" fw={500}>
          {label}
        </Badge>
        {problem && (
          <Text size="sm" c="var(--tone-failure)" mt={4} className="break-anywhere">
            {problem}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{last ? <Timestamp value={last.lastExecutionTime} /> : 'Never'}</Table.Td>
    </Table.Tr>
  );
}

function NoTriggers({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No trigger matches">
        No trigger of this pipeline has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconBolt size={30} />} title="No trigger yet">
      Triggers are kept through the API (<Code>POST /gateway/pipeline/api/triggers</Code>) and Terraform. They do not
      start runs yet: start this pipeline by hand, from the command line or through the API.
    </EmptyState>
  );
}
