import { Box, CopyButton, Group, Text, Title, UnstyledButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { durationOf, formatDuration } from '../../time/duration.js';
import { Timestamp } from '../../time/timestamp.js';
import { RunPipelineButton } from '../pipeline/run-pipeline-button.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { AbortButton } from './abort-button.js';
import classes from './execution-page.module.css';
import { isEnded } from './execution-status.js';
import { triggerOf } from './execution-trigger.js';
import type { ExecutionSummary } from './execution.api.js';
import { StatusBadge } from './status-icon.js';

export function ExecutionHeader({ summary, now }: { readonly summary: ExecutionSummary; readonly now: number }) {
  const scope = useProjectScope();
  const trigger = triggerOf(summary);
  const hasEnded = isEnded(summary);
  const duration = durationOf(summary, now);
  return (
    <Box className={`surface ${classes.header}`} component="header">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box miw={0}>
          <Text size="sm" c="dimmed">
            <PageLink to={PATHS.executions} params={scopeParams(scope)} inherit>
              Executions
            </PageLink>
            {' / '}
            <PageLink
              to={PATHS.pipelineExecutions}
              params={{ ...scopeParams(scope), pipeline: summary.pipelineIdentifier }}
              inherit
            >
              {summary.pipelineIdentifier}
            </PageLink>
          </Text>
          <Group gap="sm" mt={2}>
            <Title order={1} size="h3" className="break-anywhere">
              {summary.name || summary.pipelineIdentifier}{' '}
              <Text span inherit c="dimmed" fw={500}>
                #{summary.runSequence}
              </Text>
            </Title>
            <span role="status" aria-label="Execution status" data-testid="execution-status">
              <StatusBadge status={summary.status} size="md" />
            </span>
          </Group>
        </Box>
        <Group gap="xs">
          {hasEnded ? (
            <RunPipelineButton scope={scope} pipelineId={summary.pipelineIdentifier} variant="default" />
          ) : (
            <AbortButton scope={scope} executionId={summary.planExecutionId} status={summary.status} />
          )}
        </Group>
      </Group>
      <dl className={classes.facts} style={{ margin: '10px 0 0' }}>
        <Fact label="Duration">
          <span className="tabular" data-testid="execution-duration">
            {duration === undefined ? 'not started' : formatDuration(duration)}
          </span>
        </Fact>
        <Fact label="Started">
          <Timestamp value={summary.startTs || summary.createdAt} />
        </Fact>
        <Fact label="Started by">
          {trigger.who}{' '}
          {trigger.how && (
            <Text span inherit c="dimmed">
              {trigger.how}
            </Text>
          )}
        </Fact>
        <Fact label="Execution id">
          <CopyableId id={summary.planExecutionId} />
        </Fact>
      </dl>
    </Box>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function CopyableId({ id }: { readonly id: string }) {
  return (
    <CopyButton value={id}>
      {({ copied, copy }) => (
        <UnstyledButton
          onClick={copy}
          className="mono"
          fz={12}
          aria-label={copied ? 'Copied' : `Copy execution id ${id}`}
        >
          {id} {copied ? <IconCheck size={13} aria-hidden /> : <IconCopy size={13} aria-hidden />}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
