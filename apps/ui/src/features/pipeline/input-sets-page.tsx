import { Badge, Code, Table, Text } from '@mantine/core';
import { IconForms, IconSearch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { SearchedList } from '../../navigation/searched-list.js';
import { Timestamp } from '../../time/timestamp.js';
import { useProjectScope } from '../project/use-project-scope.js';
import { PipelinePartPage } from './pipeline-part-page.js';
import { listInputSets, type InputSet } from './pipeline-parts.api.js';

const PAGE_SIZE = 25;

/** Input sets of a pipeline, to read. */
export function InputSetsPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const { pipeline = '' } = useParams({ strict: false });
  return (
    <PipelinePartPage scope={scope} pipelineId={pipeline} title="Input sets">
      <SearchedList
        noun={['input set', 'input sets']}
        listKey={['inputSets', scope, pipeline]}
        pageSize={PAGE_SIZE}
        read={(filter, signal) => listInputSets(gateway, scope, pipeline, { ...filter, size: PAGE_SIZE }, signal)}
        renderTable={(inputSets) => <InputSetsTable inputSets={inputSets} />}
        renderEmpty={(isSearch) => <NoInputSets isSearch={isSearch} />}
      />
    </PipelinePartPage>
  );
}

function InputSetsTable({ inputSets }: { readonly inputSets: readonly InputSet[] }) {
  return (
    <Table.ScrollContainer type="native" minWidth={640}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Input sets">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Input set</Table.Th>
            <Table.Th scope="col" w={130}>
              Kind
            </Table.Th>
            <Table.Th scope="col" w={220}>
              State
            </Table.Th>
            <Table.Th scope="col" w={150}>
              Changed
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {inputSets.map((set) => (
            <Table.Tr key={set.identifier} data-testid="input-set-row">
              <Table.Td>
                <Text size="sm" fw={600} className="break-anywhere">
                  {set.name}
                </Text>
                <Text size="xs" c="dimmed" className="mono">
                  {set.identifier}
                </Text>
                {set.description && (
                  <Text size="sm" c="dimmed" className="break-anywhere">
                    {set.description}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{set.inputSetType === 'OVERLAY_INPUT_SET' ? 'Overlay' : 'Input set'}</Table.Td>
              <Table.Td>
                <Badge variant="light" tt="none" color={set.isOutdated ? 'orange' : 'green'}>
                  {set.isOutdated ? 'No longer fits the pipeline' : 'Fits the pipeline'}
                </Badge>
              </Table.Td>
              <Table.Td>
                <Timestamp value={set.lastUpdatedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function NoInputSets({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No input set matches">
        No input set of this pipeline has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconForms size={30} />} title="No input set yet">
      An input set keeps values for the runtime inputs of a pipeline. Create one through the API (
      <Code>POST /gateway/pipeline/api/inputSets</Code>).
    </EmptyState>
  );
}
