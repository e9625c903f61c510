import { Badge, Box, Group, List, Tabs, Text, Title } from '@mantine/core';
import type { ResourceHolder } from '@sluice/pipeline-api';
import { IconArrowBarToDown, IconArrowBarUp, IconTerminal2 } from '@tabler/icons-react';

import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { durationOf, formatDuration } from '../../time/duration.js';
import { formatTimestamp } from '../../time/relative-time.js';
import { LogPanel } from '../log/log-panel.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import classes from './execution-page.module.css';
import { isEnded } from './execution-status.js';
import type { ExecutionTreeNode } from './execution-tree.js';
import type { ExecutionNode } from './execution.api.js';
import { holderOf, outputsOf, remarksOf, typeOf } from './node-remarks.js';
import { StatusBadge } from './status-icon.js';
import { ValueView, hasValue } from './value-view.js';

interface StepDetailsProps {
  /** From the stage down to the selected node. */
  readonly path: readonly ExecutionTreeNode[];
  /** Missing while the graph has no such node, as for the stages of an execution that has not begun. */
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
  const hasEnded = isExecutionEnded || isEnded(selected);
  const holder = node && holderOf(node);
  return (
    <>
      <Box p="md" pb="xs">
        <Text size="xs" c="dimmed" className="truncate">
          {path
            .slice(0, -1)
            .map((item) => item.name)
            .join(' › ') || 'Stage'}
        </Text>
        <Group gap="sm" mt={2}>
          <Title order={2} size="h4" className="break-anywhere">
            {selected.name}
          </Title>
          <span data-testid="step-status">
            <StatusBadge status={selected.status} />
          </span>
          {node && typeOf(node) && (
            <Badge variant="default" tt="none" fw={500}>
              {typeOf(node)}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" mt={6} className="tabular">
          {factsOf(selected, node, now).join(' · ')}
        </Text>
        {node && <Remarks remarks={remarksOf(node)} />}
        {holder && <HolderLink holder={holder} />}
        {selected.failureMessage && selected.failureMessage !== shownFailure && (
          <Box
            className={classes.failureBox}
            mt="sm"
            role="group"
            aria-label="Failure message"
            data-testid="step-failure"
          >
            <pre className={classes.failure} tabIndex={0}>
              {selected.failureMessage}
            </pre>
            {selected.failureHints.length > 0 && (
              <List size="sm" mt="xs">
                {selected.failureHints.map((hint) => (
                  <List.Item key={hint}>{hint}</List.Item>
                ))}
              </List>
            )}
          </Box>
        )}
      </Box>
      {node && <NodeTabs selected={selected} node={node} hasEnded={hasEnded} />}
    </>
  );
}

interface NodeTabsProps {
  readonly selected: ExecutionTreeNode;
  readonly node: ExecutionNode;
  readonly hasEnded: boolean;
}

function NodeTabs({ selected, node, hasEnded }: NodeTabsProps) {
  return (
    <Tabs defaultValue={selected.hasLog ? 'log' : 'outputs'} keepMounted={false}>
      <Tabs.List px="md">
        {selected.hasLog && (
          <Tabs.Tab value="log" leftSection={<IconTerminal2 size={16} aria-hidden />}>
            Log
          </Tabs.Tab>
        )}
        <Tabs.Tab value="outputs" leftSection={<IconArrowBarUp size={16} aria-hidden />}>
          Outputs
        </Tabs.Tab>
        <Tabs.Tab value="inputs" leftSection={<IconArrowBarToDown size={16} aria-hidden />}>
          Inputs
        </Tabs.Tab>
      </Tabs.List>
      {selected.hasLog && (
        <Tabs.Panel value="log">
          {selected.startTs === undefined ? (
            <Text size="sm" c="dimmed" p="md">
              {hasEnded
                ? 'It did not run, so there is no log.'
                : 'It has not started yet. The log appears here as soon as it does.'}
            </Text>
          ) : (
            <LogPanel key={node.logBaseKey} logKey={node.logBaseKey} isStepEnded={hasEnded} stepName={selected.name} />
          )}
        </Tabs.Panel>
      )}
      <Tabs.Panel value="outputs" p="md">
        <Values value={outputsOf(node)} emptyText={hasEnded ? 'There are no outputs.' : 'Outputs appear at the end.'} />
      </Tabs.Panel>
      <Tabs.Panel value="inputs" p="md">
        <Values value={node.stepParameters} emptyText="There are no inputs." />
      </Tabs.Panel>
    </Tabs>
  );
}

function HolderLink({ holder }: { readonly holder: ResourceHolder }) {
  const scope = useProjectScope();
  return (
    <PageLink
      to={PATHS.execution}
      params={{ ...scopeParams(scope), pipeline: holder.pipelineIdentifier, execution: holder.planExecutionId }}
      size="sm"
      data-testid="resource-holder"
    >
      Open the run that holds it: {holder.pipelineName} #{holder.runSequence}
    </PageLink>
  );
}

function Remarks({ remarks }: { readonly remarks: readonly string[] }) {
  if (remarks.length === 0) return null;
  return (
    <List size="sm" mt="xs" aria-label="Remarks">
      {remarks.map((remark) => (
        <List.Item key={remark} className="break-anywhere">
          {remark}
        </List.Item>
      ))}
    </List>
  );
}

function Values({ value, emptyText }: { readonly value: unknown; readonly emptyText: string }) {
  if (!hasValue(value))
    return (
      <Text size="sm" c="dimmed">
        {emptyText}
      </Text>
    );
  return <ValueView value={value} />;
}

function factsOf(selected: ExecutionTreeNode, node: ExecutionNode | undefined, now: number): readonly string[] {
  const duration = durationOf(selected, now);
  const delegate = node?.delegateInfoList.find((item) => item.name)?.name;
  return [
    duration === undefined ? 'Not started' : formatDuration(duration),
    selected.startTs ? `started ${formatTimestamp(selected.startTs)}` : '',
    delegate ? `on delegate ${delegate}` : '',
  ].filter(Boolean);
}
