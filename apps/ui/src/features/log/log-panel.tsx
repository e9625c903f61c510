import { Box, Text } from '@mantine/core';
import { useState } from 'react';

import { ErrorState } from '../../feedback/error-state.js';
import type { LogState } from './follow-log.js';
import { findRows } from './log-search.js';
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
        buffer={buffer} stepName={stepName} searchText={searchText} onSearch={search} hitCount={hits.length} currentHit={currentHit} onMoveHit={moveHit}
        isFollowing={isFollowing} onFollow={setFollowing} withTimes={withTimes} onWithTimes={setWithTimes}
      />
      {state.status === 'failed' && <Box p="md"><ErrorState title="The log could not be loaded" error={state.error} onRetry={retry} /></Box>}
      {buffer.lineCount === 0 && state.status !== 'failed' && <Text size="sm" className={classes.notice} role="status">{emptyText(state, isStepEnded)}</Text>}
      <LogView
        buffer={buffer} version={version} stepName={stepName} isFollowing={isFollowing} onFollow={setFollowing} withTimes={withTimes}
        searchText={searchText} hitRow={searchText ? hits[currentHit] : undefined}
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
      <span className="tabular">{lineCount.toLocaleString('en')} {lineCount === 1 ? 'line' : 'lines'}</span>
    </Box>
  );
}

function emptyText(state: LogState, isStepEnded: boolean): string {
  switch (state.status) {
    case 'complete': return 'This step wrote nothing.';
    case 'missing': return 'There is no log of this step. It wrote nothing, or its log has been deleted.';
    case 'reconnecting': return 'Waiting for the connection to the log…';
    default: return isStepEnded ? 'Looking for the log…' : 'Waiting for the first line…';
  }
}

function footerText(state: LogState, isStepEnded: boolean): string {
  switch (state.status) {
    case 'connecting': return 'Connecting…';
    case 'waiting': return isStepEnded ? 'Looking for the log' : 'Waiting for the first line';
    case 'live': return 'Live';
    case 'reconnecting': return `Connection lost, trying again: ${state.problem}`;
    case 'complete': return 'Complete';
    case 'missing': return 'No more lines are kept';
    case 'failed': return 'Not loaded';
  }
}
