import { useEffect, useLayoutEffect, useRef, useState, type UIEvent } from 'react';

import type { LogBuffer } from './log-buffer.js';
import { LogRowView } from './log-row-view.js';
import { scrollTopForRow, visibleWindow } from './log-window.js';
import classes from './log.module.css';

const ROW_HEIGHT = 20;
const OVERSCAN = 20;

interface LogViewProps {
  readonly buffer: LogBuffer;
  readonly version: number;
  readonly stepName: string;
  readonly isFollowing: boolean;
  readonly onFollow: (isFollowing: boolean) => void;
  readonly withTimes: boolean;
  readonly searchText: string;
  /** Row of the current search hit. */
  readonly hitRow: number | undefined;
}

/** The rows of a log, of which only those in sight are in the document: 100,000 lines scroll like ten. */
export function LogView({
  buffer,
  version,
  stepName,
  isFollowing,
  onFollow,
  withTimes,
  searchText,
  hitRow,
}: LogViewProps) {
  const viewport = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [viewportHeight, setViewportHeight] = useState(480);
  const { rows } = buffer;
  const { from, until } = visibleWindow({
    scrollTop,
    viewportHeight,
    rowHeight: ROW_HEIGHT,
    rowCount: rows.length,
    overscan: OVERSCAN,
  });

  useEffect(() => {
    const element = viewport.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setViewportHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = viewport.current;
    if (element && isFollowing) element.scrollTop = element.scrollHeight;
  }, [isFollowing, version, viewportHeight]);

  useLayoutEffect(() => {
    const element = viewport.current;
    if (!element || hitRow === undefined) return;
    const target = scrollTopForRow(hitRow, {
      scrollTop: element.scrollTop,
      viewportHeight: element.clientHeight,
      rowHeight: ROW_HEIGHT,
    });
    if (target !== undefined) element.scrollTop = target;
  }, [hitRow]);

  const onScroll = (event: UIEvent<HTMLDivElement>): void => {
    const element = event.currentTarget;
    setScrollTop(element.scrollTop);
  };
  /** Only a movement of the user may change the mode: new lines scroll the view, too. */
  const stopFollowing = (): void => {
    const element = viewport.current;
    if (!element) return;
    requestAnimationFrame(() => {
      const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < ROW_HEIGHT * 1.5;
      if (isFollowing && !isAtEnd) onFollow(false);
    });
  };

  const numberWidth = String(rows.at(-1)?.index ?? 0).length + 1;
  return (
    <div
      ref={viewport}
      role="log"
      aria-label={`Log of ${stepName}`}
      aria-live="off"
      tabIndex={0}
      className={classes.viewport}
      onScroll={onScroll}
      onWheel={stopFollowing}
      onKeyDown={stopFollowing}
      onPointerUp={stopFollowing}
      onTouchMove={stopFollowing}
    >
      <div
        className={classes.canvas}
        style={{
          height: rows.length * ROW_HEIGHT,
          minWidth: `calc(${buffer.longestRow + numberWidth + (withTimes ? 15 : 0)}ch + 40px)`,
        }}
      >
        <div
          className={classes.window}
          style={{ transform: `translateY(${from * ROW_HEIGHT}px)`, ['--number-width' as string]: `${numberWidth}ch` }}
        >
          {rows.slice(from, until).map((row, offset) => (
            <LogRowView
              key={from + offset}
              row={row}
              withTime={withTimes}
              searchText={searchText}
              isCurrentHit={from + offset === hitRow}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
