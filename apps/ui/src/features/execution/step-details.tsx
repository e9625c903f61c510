import { Badge, Box, Code, Group, List, Tabs, Text, Title } from '@mantine/core';
import { IconArrowBarToDown, IconArrowBarUp, IconTerminal2 } from '@tabler/icons-react';

import { durationOf, formatDuration } from '../../time/duration.js';
import { formatTimestamp } from '../../time/relative-time.js';
import { LogPanel } from '../log/log-panel.js';
import classes from './execution-page.module.css';
import { isEnded } from './execution-status.js';
import { logKeyOf, type ExecutionTreeNode } from './execution-tree.js';
import type { ExecutionNode } from './execution.api.js';
import { StatusBadge } from './status-icon.js';
import { ValueView, hasValue } from './value-view.js';

interface StepDetailsProps {
  /** From the stage down to the selected node. */
  readonly path: readonly ExecutionTreeNode[];
  readonly node: ExecutionNode | undefined;
  readonly isExecutionEnded: boolean;
  /** Failure text the page shows already. */
  readonly shownFailure: string | undefined;
  readonly now: number;
}

/** Everything about one node: failure, log, inputs, outputs. */
export function StepDetails({ path, node, isExecutionEnded, shownFailure, now }: StepDetailsProps) {
  const selected = path.at(-1);
  if (!selected) return null;
  const logKey = node ? logKeyOf(node) : undefined;
  const hasEnded = isExecutionEnded || isEnded(selected);
  const duration = durationOf(selected, now);
  const delegate = node?.delegateInfoList?.find((item) => item.name)?.name;
  return (
    <>
      <Box p="md" pb="xs">
        <Text size="xs" c="dimmed" className="truncate">{path.slice(0, -1).map((item) => item.name).join(' › ') || 'Stage'}</Text>
        <Group gap="sm" mt={2}>
          <Title order={2} size="h4" className="break-anywhere">{selected.name}</Title>
          <span data-testid="step-status"><StatusBadge status={selected.status} /></span>
          {selected.stepType && <Badge variant="default" tt="none" fw={500}>{selected.stepType}</Badge>}
        </Group>
        <Text size="xs" c="dimmed" mt={6} className="tabular">
          {[
            duration === undefined ? 'Not started' : formatDuration(duration),
            selected.startTs ? `started ${formatTimestamp(selected.startTs)}` : '',
            delegate ? `on delegate ${delegate}` : '',
          ].filter(Boolean).join(' · ')}
        </Text>
        {selected.failureMessage && selected.failureMessage !== shownFailure && (
          <Box className={classes.failureBox} mt="sm" role="group" aria-label="Failure message" data-testid="step-failure">
            <pre className={classes.failure} tabIndex={0}>{selected.failureMessage}</pre>
            {selected.failureHints.length > 0 && <List size="sm" mt="xs">{selected.failureHints.map((hint) => <List.Item key={hint}>{hint}</List.Item>)}</List>}
          </Box>
        )}
      </Box>
      <Tabs defaultValue={logKey ? 'log' : 'outputs'} keepMounted={false}>
        <Tabs.List px="md">
          <Tabs.Tab value="log" disabled={!logKey} leftSection={<IconTerminal2 size={16} aria-hidden />}>Log</Tabs.Tab>
          <Tabs.Tab value="outputs" leftSection={<IconArrowBarUp size={16} aria-hidden />}>Outputs</Tabs.Tab>
          <Tabs.Tab value="inputs" leftSection={<IconArrowBarToDown size={16} aria-hidden />}>Inputs</Tabs.Tab>
        </Tabs.List>
        {logKey && <Tabs.Panel value="log"><LogPanel logKey={logKey} isStepEnded={hasEnded} stepName={selected.name} /></Tabs.Panel>}
        <Tabs.Panel value="outputs" p="md"><Values value={node?.outcomes} emptyText={hasEnded ? 'This step has no outputs.' : 'Outputs appear when the step has ended.'} /></Tabs.Panel>
        <Tabs.Panel value="inputs" p="md"><Values value={node?.stepParameters} emptyText="This step has no inputs." /></Tabs.Panel>
      </Tabs>
      {!node && <Text size="sm" c="dimmed" p="md">It has not started, so there is no log yet. <Code>{selected.status}</Code></Text>}
    </>
  );
}

function Values({ value, emptyText }: { readonly value: unknown; readonly emptyText: string }) {
  if (!hasValue(value)) return <Text size="sm" c="dimmed">{emptyText}</Text>;
  return <ValueView value={value} />;
}
