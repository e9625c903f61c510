import { Box, Text, UnstyledButton } from '@mantine/core';

import { durationOf, formatDuration } from '../../time/duration.js';
import classes from './execution-page.module.css';
import { statusView } from './execution-status.js';
import { stageColumns, type ExecutionTreeNode } from './execution-tree.js';
import { StatusIcon } from './status-icon.js';

interface StageStripProps {
  readonly stages: readonly ExecutionTreeNode[];
  readonly selectedId: string | undefined;
  readonly onSelect: (stage: ExecutionTreeNode) => void;
  readonly now: number;
}

/** The stages from left to right, each with its state; parallel ones stand below each other. */
export function StageStrip({ stages, selectedId, onSelect, now }: StageStripProps) {
  if (stages.length === 0) return null;
  return (
    <Box className="surface" component="nav" aria-label="Stages">
      <ol className={classes.stages}>
        {stageColumns(stages).map((column) => (
          <li key={column.map((stage) => stage.id).join()}>
            <Box className={classes.stageColumn}>
              {column.map((stage) => (
                <StageButton
                  key={stage.id}
                  stage={stage}
                  isSelected={stage.id === selectedId}
                  onSelect={onSelect}
                  now={now}
                />
              ))}
            </Box>
          </li>
        ))}
      </ol>
    </Box>
  );
}

interface StageButtonProps {
  readonly stage: ExecutionTreeNode;
  readonly isSelected: boolean;
  readonly onSelect: (stage: ExecutionTreeNode) => void;
  readonly now: number;
}

function StageButton({ stage, isSelected, onSelect, now }: StageButtonProps) {
  const duration = durationOf(stage, now);
  const { label } = statusView(stage.status);
  return (
    <UnstyledButton
      className={classes.stage}
      aria-pressed={isSelected}
      onClick={() => onSelect(stage)}
      data-testid="stage"
    >
      <StatusIcon status={stage.status} size={22} />
      <Box miw={0}>
        <Text size="sm" fw={600} className="truncate" title={stage.name}>
          {stage.name}
        </Text>
        <Text size="xs" c="dimmed" className="tabular">
          {label}
          {duration === undefined ? '' : ` · ${formatDuration(duration)}`}
        </Text>
      </Box>
    </UnstyledButton>
  );
}
