import { Group, Popover, Stack, Text, Tooltip, UnstyledButton } from '@mantine/core';
import {
  IconArrowBackUp,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleXFilled,
  type Icon,
} from '@tabler/icons-react';

import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { formatTimestamp, fromEpoch } from '../../time/relative-time.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams } from '../project/use-project-scope.js';
import classes from './changeset-matrix.module.css';
import { CHANGESET_STATUSES, changesetStatusView } from './changeset-status.js';
import type { Changeset, ChangesetInstance, ChangesetStatus } from './db-schema.api.js';

const ICONS: Readonly<Record<ChangesetStatus, Icon>> = {
  Successfully_Deployed: IconCircleCheckFilled,
  Not_Deployed: IconCircleDashed,
  Deployment_Failed: IconCircleXFilled,
  Rolled_Back: IconArrowBackUp,
};

interface ChangesetCellProps {
  readonly scope: ProjectScope;
  readonly changeset: Changeset;
  readonly instanceName: string;
  readonly cell: ChangesetInstance;
}

/** One changeset on one instance; more about it on hover, all of it on click. */
export function ChangesetCell({ scope, changeset, instanceName, cell }: ChangesetCellProps) {
  const { label, tone } = changesetStatusView(cell.status);
  const Picture = ICONS[cell.status];
  const name = `${changeset.changeSet} on ${instanceName}: ${label}`;
  const when = cell.updated ? formatTimestamp(fromEpoch(cell.updated)) : undefined;
  const face = (
    <>
      <Picture size={16} aria-hidden />
      {label}
    </>
  );
  if (!when && !cell.planExecutionId && !cell.error) {
    return (
      <span className={classes.cell} data-tone={tone} data-status={cell.status} data-testid="changeset-cell">
        {face}
      </span>
    );
  }
  return (
    <Popover position="bottom" withArrow shadow="md" width={340} trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={[when, cell.tag ? `tag ${cell.tag}` : ''].filter(Boolean).join(' · ') || label}>
          <UnstyledButton
            className={classes.cell}
            data-tone={tone}
            data-status={cell.status}
            data-testid="changeset-cell"
            aria-label={name}
          >
            {face}
          </UnstyledButton>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={6}>
          <Text size="sm" fw={600} className="break-anywhere">
            {name}
          </Text>
          {when && <Fact label="When" value={when} />}
          {cell.tag && <Fact label="Tag" value={cell.tag} />}
          {cell.pipeline && <Fact label="Pipeline" value={cell.pipeline} />}
          {cell.error && (
            <pre className={classes.error} tabIndex={0}>
              {cell.error}
            </pre>
          )}
          {cell.pipeline && cell.planExecutionId && (
            <PageLink
              to={PATHS.execution}
              params={{ ...scopeParams(scope), pipeline: cell.pipeline, execution: cell.planExecutionId }}
              size="sm"
            >
              Open execution
            </PageLink>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Fact({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <Text size="sm">
      <Text span inherit c="dimmed">
        {label}
      </Text>{' '}
      {value}
    </Text>
  );
}

/** What the pictures mean. */
export function StatusLegend() {
  return (
    <Group gap="xs" component="ul" aria-label="Legend" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
      {CHANGESET_STATUSES.map((status) => {
        const { label, tone } = changesetStatusView(status);
        const Picture = ICONS[status];
        return (
          <li key={status} className={classes.cell} data-tone={tone}>
            <Picture size={15} aria-hidden />
            {label}
          </li>
        );
      })}
    </Group>
  );
}
