import { Box, Text, UnstyledButton } from '@mantine/core';

import { durationOf, formatDuration } from '../../time/duration.js';
import classes from './execution-page.module.css';
import { statusView } from './execution-status.js';
import type { ExecutionTreeNode } from './execution-tree.js';
import { StatusIcon } from './status-icon.js';

interface StageStripProps {
  readonly stages: readonly ExecutionTreeNode[];
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly now: number;
}

/** The stages from left to right, each with its state. */
export function StageStrip({ stages, selectedId, onSelect, now }: StageStripProps) {
  if (stages.length === 0) return null;
  return (
    <Box className="surface" component="nav" aria-label="Stages">
      <ol className={classes.stages}>
        {stages.map((stage) => {
          const duration = durationOf(stage, now);
          const { label } = statusView(stage.status);
          return (
            <li key={stage.id}>
              <UnstyledButton className={classes.stage} aria-pressed={stage.id === selectedId} onClick={() => onSelect(stage.id)} data-testid="stage">
                <StatusIcon status={stage.status} size={22} />
                <Box miw={0}>
                  <Text size="sm" fw={600} className="truncate" title={stage.name}>{stage.name}</Text>
                  <Text size="xs" c="dimmed" className="tabular">{label}{duration === undefined ? '' : ` · ${formatDuration(duration)}`}</Text>
                </Box>
              </UnstyledButton>
            </li>
          );
        })}
      </ol>
    </Box>
  );
}
