import { Box, Button, Text } from '@mantine/core';
import { useState } from 'react';

import { ErrorState } from '../../feedback/error-state.js';
import type { LogState } from './follow-log.js';
import { findRows } from './log-search.js';
import { emptyText, footerText } from './log-status-text.js';
import { LogToolbar } from './log-toolbar.js';
import { LogView } from './log-view.js';
import classes from './log.module.css';
import { useStepLog } from './use-step-log.js';

interface LogPanelProps {
  readonly logKey: string;
  readonly isStepEnded: boolean;
  readonly stepName: string;
}

/** The log of a step with its tools. */
export function LogPanel({ logKey, isStepEnded, stepName }: LogPanelProps) {
  const { buffer, version, state, retry } = useStepLog(logKey, isStepEnded);
  // A finished log is read from the top; a running one is watched at its end.
  const [isFollowing, setFollowing] = useState(!isStepEnded);
  const [withTimes, setWithTimes] = useState(true);
  const [searchText, setSearchText] = useState('');
  const [hitPosition, setHitPosition] = useState(0);
  const hits = findRows(buffer.rows, searchText);
  const currentHit = hits.length > 0 ? hitPosition % hits.length : 0;

  const search = (text: string): void => {
    setSearchText(text);
    setHitPosition(0);
    if (text) setFollowing(false);
  };
  const moveHit = (by: number): void => {
    setFollowing(false);
    if (hits.length > 0) setHitPosition((currentHit + by + hits.length) % hits.length);
  };

  return (
    <Box className={classes.panel}>
      <LogToolbar
        buffer={buffer}
        stepName={stepName}
        searchText={searchText}
        onSearch={search}
        hitCount={hits.length}
        currentHit={currentHit}
        onMoveHit={moveHit}
        isFollowing={isFollowing}
        onFollow={setFollowing}
        withTimes={withTimes}
        onWithTimes={setWithTimes}
      />
      {state.status === 'failed' && (
        <Box p="md">
          <ErrorState title="The log could not be loaded" error={state.error} onRetry={retry} />
        </Box>
      )}
      {buffer.lineCount === 0 && state.status !== 'failed' && (
        <Text size="sm" className={classes.notice} role="status">
          {emptyText(state, isStepEnded)}
        </Text>
      )}
      {buffer.lineCount === 0 && state.status === 'missing' && (
        <Box px="md" pb="md">
          <Button size="xs" variant="default" onClick={retry}>
            Look again
          </Button>
        </Box>
      )}
      <LogView
        buffer={buffer}
        version={version}
        stepName={stepName}
        isFollowing={isFollowing}
        onFollow={setFollowing}
        withTimes={withTimes}
        searchText={searchText}
        hitRow={searchText ? hits[currentHit] : undefined}
      />
      <LogFooter state={state} isStepEnded={isStepEnded} lineCount={buffer.lineCount} />
    </Box>
  );
}

interface LogFooterProps {
  readonly state: LogState;
  readonly isStepEnded: boolean;
  readonly lineCount: number;
}

function LogFooter({ state, isStepEnded, lineCount }: LogFooterProps) {
  return (
    <Box className={classes.footer} role="status" aria-label="Log status" data-log-status={state.status}>
      <span>{footerText(state, isStepEnded)}</span>
      <span className="tabular">
        {lineCount.toLocaleString('en')} {lineCount === 1 ? 'line' : 'lines'}
      </span>
    </Box>
  );
}
