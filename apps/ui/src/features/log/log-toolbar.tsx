import { ActionIcon, Button, Group, Text, TextInput, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import {
  IconArrowDown,
  IconArrowUp,
  IconCheck,
  IconClock,
  IconCopy,
  IconDownload,
  IconPlayerTrackNext,
  IconSearch,
} from '@tabler/icons-react';
import type { KeyboardEvent, ReactNode } from 'react';

import type { LogBuffer } from './log-buffer.js';
import { MAX_HITS } from './log-search.js';
import classes from './log.module.css';

interface LogToolbarProps {
  readonly buffer: LogBuffer;
  readonly stepName: string;
  readonly searchText: string;
  readonly onSearch: (text: string) => void;
  readonly hitCount: number;
  readonly currentHit: number;
  readonly onMoveHit: (by: number) => void;
  readonly isFollowing: boolean;
  readonly onFollow: (isFollowing: boolean) => void;
  readonly withTimes: boolean;
  readonly onWithTimes: (withTimes: boolean) => void;
}

export function LogToolbar(props: LogToolbarProps) {
  const { buffer, hitCount, searchText } = props;
  const clipboard = useClipboard({ timeout: 1_500 });
  const isEmpty = buffer.lineCount === 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') props.onMoveHit(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') props.onSearch('');
    else return;
    event.preventDefault();
  };
  return (
    <Group className={classes.toolbar} gap="xs">
      <TextInput
        size="xs"
        w={220}
        aria-label="Search in log"
        placeholder="Search in log"
        value={searchText}
        onChange={(event) => props.onSearch(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        leftSection={<IconSearch size={14} aria-hidden />}
      />
      {searchText && (
        <Group gap={2}>
          <Text size="xs" className="tabular" role="status" aria-label="Search result">
            {hitText(hitCount, props.currentHit)}
          </Text>
          <IconButton label="Previous match" disabled={hitCount === 0} onClick={() => props.onMoveHit(-1)}>
            <IconArrowUp size={15} aria-hidden />
          </IconButton>
          <IconButton label="Next match" disabled={hitCount === 0} onClick={() => props.onMoveHit(1)}>
            <IconArrowDown size={15} aria-hidden />
          </IconButton>
        </Group>
      )}
      <Group gap={4} ml="auto">
        <Button
          size="compact-xs"
          variant={props.isFollowing ? 'light' : 'default'}
          aria-pressed={props.isFollowing}
          onClick={() => props.onFollow(!props.isFollowing)}
          leftSection={<IconPlayerTrackNext size={13} style={{ rotate: '90deg' }} aria-hidden />}
        >
          Follow
        </Button>
        <IconButton
          label={props.withTimes ? 'Hide times' : 'Show times'}
          isPressed={props.withTimes}
          onClick={() => props.onWithTimes(!props.withTimes)}
        >
          <IconClock size={16} aria-hidden />
        </IconButton>
        <IconButton
          label={clipboard.copied ? 'Copied' : 'Copy log'}
          disabled={isEmpty}
          onClick={() => clipboard.copy(buffer.toText({ withTimes: false }))}
        >
          {clipboard.copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
        </IconButton>
        <IconButton
          label="Download log"
          disabled={isEmpty}
          onClick={() => saveText(`${fileNameOf(props.stepName)}.log`, buffer.toText({ withTimes: true }))}
        >
          <IconDownload size={16} aria-hidden />
        </IconButton>
      </Group>
    </Group>
  );
}

interface IconButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
  readonly disabled?: boolean;
  readonly isPressed?: boolean;
}

function IconButton({ label, onClick, children, disabled = false, isPressed }: IconButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={isPressed} onClick={onClick} disabled={disabled}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function hitText(count: number, current: number): string {
  if (count === 0) return 'No match';
  return `${current + 1} of ${count >= MAX_HITS ? `${MAX_HITS.toLocaleString('en')}+` : count.toLocaleString('en')}`;
}

function fileNameOf(stepName: string): string {
  return stepName.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '') || 'step';
}

function saveText(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text, '\n'], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken the data by the time the click returns to the event loop.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
