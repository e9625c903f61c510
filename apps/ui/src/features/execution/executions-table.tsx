import { Skeleton, Table, Text } from '@mantine/core';

import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { durationOf, formatDuration } from '../../time/duration.js';
import { Timestamp } from '../../time/timestamp.js';
import { useNow } from '../../time/use-now.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams } from '../project/use-project-scope.js';
import { isEnded } from './execution-status.js';
import { triggerOf } from './execution-trigger.js';
import type { ExecutionSummary } from './execution.api.js';
import { StatusBadge } from './status-icon.js';

const COLUMNS = ['Status', 'Pipeline', 'Run', 'Started by', 'Started', 'Duration'] as const;
const WIDTHS = ['170px', 'auto', '90px', '22%', '150px', '120px'] as const;

export function ExecutionsTable({
  scope,
  executions,
}: {
  readonly scope: ProjectScope;
  readonly executions: readonly ExecutionSummary[];
}) {
  const now = useNow(executions.some((execution) => !isEnded(execution)));
  return (
    <ExecutionsTableFrame>
      {executions.map((execution) => (
        <ExecutionRow key={execution.planExecutionId} scope={scope} execution={execution} now={now} />
      ))}
    </ExecutionsTableFrame>
  );
}

/** Same heights and widths as the real rows, so that nothing jumps when they arrive. */
export function ExecutionsTableSkeleton() {
  return (
    <ExecutionsTableFrame isBusy>
      {Array.from({ length: 8 }, (_, row) => (
        <Table.Tr key={row}>
          {COLUMNS.map((column) => (
            <Table.Td key={column}>
              <Skeleton height={24} radius="sm" />
            </Table.Td>
          ))}
        </Table.Tr>
      ))}
    </ExecutionsTableFrame>
  );
}

function ExecutionsTableFrame({
  children,
  isBusy = false,
}: {
  readonly children: React.ReactNode;
  readonly isBusy?: boolean;
}) {
  return (
    <Table.ScrollContainer type="native" minWidth={820}>
      <Table
        layout="fixed"
        verticalSpacing="sm"
        horizontalSpacing="md"
        highlightOnHover
        tabularNums
        aria-label="Executions"
        aria-busy={isBusy}
      >
        <colgroup>
          {WIDTHS.map((width, column) => (
            <col key={COLUMNS[column]} style={{ width }} />
          ))}
        </colgroup>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th key={column} scope="col">
                {column}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface ExecutionRowProps {
  readonly scope: ProjectScope;
  readonly execution: ExecutionSummary;
  readonly now: number;
}

function ExecutionRow({ scope, execution, now }: ExecutionRowProps) {
  const trigger = triggerOf(execution);
  const name = execution.name || execution.pipelineIdentifier;
  const duration = durationOf(execution, isEnded(execution) ? (execution.endTs ?? execution.startTs) : now);
  return (
    <Table.Tr data-testid="execution-row" data-execution-id={execution.planExecutionId}>
      <Table.Td>
        <StatusBadge status={execution.status} />
      </Table.Td>
      <Table.Td>
        <PageLink
          to={PATHS.execution}
          params={{
            ...scopeParams(scope),
            pipeline: execution.pipelineIdentifier,
            execution: execution.planExecutionId,
          }}
          fw={600}
          size="sm"
          display="block"
          className="truncate"
          aria-label={`${name}, run ${execution.runSequence}`}
        >
          {name}
        </PageLink>
        <FailureHint execution={execution} />
      </Table.Td>
      <Table.Td className="mono">#{execution.runSequence}</Table.Td>
      <Table.Td>
        <Text size="sm" className="truncate" title={trigger.who}>
          {trigger.who}
        </Text>
        {trigger.how && (
          <Text size="xs" c="dimmed">
            {trigger.how}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Timestamp value={execution.startTs || execution.createdAt} />
      </Table.Td>
      <Table.Td>{duration === undefined ? '–' : formatDuration(duration)}</Table.Td>
    </Table.Tr>
  );
}

function FailureHint({ execution }: { readonly execution: ExecutionSummary }) {
  const message = execution.executionErrorInfo?.message || execution.failureInfo?.message;
  if (!message)
    return (
      <Text size="xs" c="dimmed" className="truncate mono">
        {execution.pipelineIdentifier}
      </Text>
    );
  return (
    <Text size="xs" c="var(--tone-failure)" className="truncate" title={message}>
      {message}
    </Text>
  );
}
