import { memo } from 'react';

import { parseAnsi } from './ansi.js';
import type { LogRow } from './log-buffer.js';
import { markHits } from './log-search.js';
import classes from './log.module.css';

interface LogRowViewProps {
  readonly row: LogRow;
  readonly withTime: boolean;
  readonly searchText: string;
  readonly isCurrentHit: boolean;
}

export const LogRowView = memo(function LogRowView({ row, withTime, searchText, isCurrentHit }: LogRowViewProps) {
  return (
    <div
      className={classes.row}
      data-level={row.level}
      data-gap={row.isGap || undefined}
      data-current={isCurrentHit || undefined}
      data-line={row.index + 1}
    >
      <span className={classes.number} aria-hidden>
        {row.isContinuation ? '' : row.index + 1}
      </span>
      {withTime && (
        <span className={classes.time}>
          {row.isContinuation || row.timeMs === undefined ? '' : clockTime(row.timeMs)}
        </span>
      )}
      {row.level !== 'info' && !row.isContinuation && <span className={classes.level}>{row.level.toUpperCase()}</span>}
      <span className={classes.text}>
        <RowText row={row} searchText={searchText} />
      </span>
    </div>
  );
});

function RowText({ row, searchText }: { readonly row: LogRow; readonly searchText: string }) {
  if (searchText && row.plain.toLowerCase().includes(searchText.toLowerCase())) {
    return markHits(row.plain, searchText).map((part, index) =>
      part.isHit ? <mark key={index}>{part.text}</mark> : part.text,
    );
  }
  return parseAnsi(row.text).map((segment, index) => (
    <span key={index} className={segment.className || undefined}>
      {segment.text}
    </span>
  ));
}

/** Time of day with milliseconds in the reader's zone. */
function clockTime(timeMs: number): string {
  const time = new Date(timeMs);
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
}
