import { describe, expect, it } from '@jest/globals';

import { plainText } from '@sluice/kernel';
import { parseAnsi } from './ansi.js';
import { LogBuffer, MAX_ROW_LENGTH, type LogRow } from './log-buffer.js';
import { parseLogLine, type LogLine } from './log-line.js';
import { findRows, markHits } from './log-search.js';
import { scrollTopForRow, visibleWindow } from './log-window.js';

const ESC = '\u001b';
const line = (index: number, text = `line ${index}`): LogLine => ({ index, level: 'info', text, timeMs: undefined });
const shown = (buffer: LogBuffer): readonly string[] => buffer.rows.map((row: LogRow) => row.plain);

describe('terminal escapes in a log', () => {
  it('become colours', () => {
    expect(parseAnsi(`${ESC}[1;31mred${ESC}[0m plain ${ESC}[92mgreen`)).toEqual([
      { text: 'red', className: 'ansi-red ansi-bold' },
      { text: ' plain ', className: '' },
      { text: 'green', className: 'ansi-green' },
    ]);
  });

  it('with palette and true colours do not spill into other codes', () => {
    expect(parseAnsi(`${ESC}[38;5;31mx${ESC}[48;2;1;31;4my`)).toEqual([
      { text: 'x', className: '' },
      { text: 'y', className: '' },
    ]);
  });

  it.each([
    ['moves of the cursor', `a${ESC}[2J${ESC}[1;1Hb`, 'ab'],
    ['links and titles', `${ESC}]8;;http://evil\u0007text${ESC}]8;;${ESC}\\`, 'text'],
    ['an unfinished escape', `a${ESC}[`, 'a'],
    ['one-byte CSI', 'a\u009b31mb', 'ab'],
    ['controls and reversed text', 'a\u0008\u0000\rb\u202ec', 'abc'],
  ])('leave only text: %s', (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
    expect(
      parseAnsi(text)
        .map((segment) => segment.text)
        .join(''),
    ).toBe(plain);
  });

  it('leave tabs and letters of any script alone', () => {
    expect(plainText('a\tß 日本 🚀')).toBe('a\tß 日本 🚀');
  });
});

describe('a log line', () => {
  it('is read with its place, level and time', () => {
    expect(
      parseLogLine('{"level":"WARN","pos":7,"out":"careful\\r\\n","time":"2026-11-20T10:00:00Z","args":null}', 0),
    ).toEqual({ index: 7, level: 'warn', text: 'careful', timeMs: Date.UTC(2026, 10, 20, 10) });
  });

  it.each([
    ['plain text', 'plain text'],
    ['{"broken', '{"broken'],
    ['[1]', '[1]'],
    ['{"pos":-1,"out":"x"}', '{"pos":-1,"out":"x"}'],
  ])('%j that is no line object stays as text', (json, text) => {
    expect(parseLogLine(json, 3)).toEqual({ index: 3, level: 'info', text, timeMs: undefined });
  });

  it.each([
    ['ERROR', 'error'],
    ['SEVERE', 'error'],
    ['Warning', 'warn'],
    ['FINE', 'debug'],
    ['', 'info'],
  ])('of level %s counts as %s', (level, expected) => {
    expect(parseLogLine(JSON.stringify({ level, out: 'x' }), 0).level).toBe(expected);
  });
});

describe('the log buffer', () => {
  it('counts a repeated line once', () => {
    const buffer = new LogBuffer();
    buffer.add([line(0), line(1)]);
    expect(buffer.add([line(1), line(2)])).toBe(true);
    expect(buffer.add([line(0), line(2)])).toBe(false);
    expect(shown(buffer)).toEqual(['line 0', 'line 1', 'line 2']);
  });

  it('puts late lines in their place and shows what is missing meanwhile', () => {
    const buffer = new LogBuffer();
    buffer.add([line(2), line(5)]);
    expect([shown(buffer), buffer.hasGaps]).toEqual([
      ['… 2 lines not kept', 'line 2', '… 2 lines not kept', 'line 5'],
      true,
    ]);
    buffer.add([line(0), line(1), line(3), line(4)]);
    expect([shown(buffer), buffer.hasGaps]).toEqual([[0, 1, 2, 3, 4, 5].map((index) => `line ${index}`), false]);
  });

  it('lets stored lines take the place of live ones, and not the other way round', () => {
    const buffer = new LogBuffer();
    buffer.add([line(1, '… 2 earlier lines are no longer kept live'), line(2)]);
    expect(buffer.addStored([line(0), line(1), line(2)])).toBe(true);
    expect(shown(buffer)).toEqual(['line 0', 'line 1', 'line 2']);
    expect([buffer.add([line(1, 'other')]), buffer.addStored([line(1)])]).toEqual([false, false]);
  });

  it('shows a line with inner line ends as several rows of one number', () => {
    const buffer = new LogBuffer();
    buffer.add([line(0, 'a\nb\r\nc')]);
    expect(buffer.rows.map((row) => [row.index, row.isContinuation, row.plain])).toEqual([
      [0, false, 'a'],
      [0, true, 'b'],
      [0, true, 'c'],
    ]);
  });

  it('cuts a very long row on the screen but not in the text', () => {
    const buffer = new LogBuffer();
    buffer.add([line(0, 'x'.repeat(MAX_ROW_LENGTH + 5))]);
    expect(buffer.rows[0]?.plain).toContain('5 more characters');
    expect(buffer.toText({ withTimes: false })).toHaveLength(MAX_ROW_LENGTH + 5);
  });

  it('gives plain text, with times when asked', () => {
    const buffer = new LogBuffer();
    buffer.add([{ index: 0, level: 'error', text: `${ESC}[31mbad${ESC}[0m`, timeMs: 0 }]);
    expect(buffer.toText({ withTimes: false })).toBe('bad');
    expect(buffer.toText({ withTimes: true })).toBe('1970-01-01T00:00:00.000Z ERROR bad');
  });

  it('takes 100,000 lines in small portions without slowing down', () => {
    const fill = (): number => {
      const buffer = new LogBuffer();
      const started = performance.now();
      for (let index = 0; index < 100_000; index += 10)
        buffer.add(Array.from({ length: 10 }, (_, offset) => line(index + offset)));
      expect(buffer.lineCount).toBe(100_000);
      return performance.now() - started;
    };
    // The quickest of three: a machine that stands still for a moment is no fault of the buffer.
    expect(Math.min(fill(), fill(), fill())).toBeLessThan(3_000);
  });
});

describe('search in a log', () => {
  it('finds rows whatever the case and marks every hit', () => {
    const buffer = new LogBuffer();
    buffer.add([line(0, 'Error here'), line(1, 'fine'), line(2, 'an ERROR and an error')]);
    expect(findRows(buffer.rows, 'error')).toEqual([0, 2]);
    expect(findRows(buffer.rows, '')).toEqual([]);
    expect(markHits('an ERROR and an error', 'error')).toEqual([
      { text: 'an ', isHit: false },
      { text: 'ERROR', isHit: true },
      { text: ' and an ', isHit: false },
      { text: 'error', isHit: true },
    ]);
    expect(markHits('İerror', 'error')).toEqual([{ text: 'İerror', isHit: false }]);
  });
});

describe('the window on the rows', () => {
  const view = { viewportHeight: 100, rowHeight: 20, overscan: 2 };

  it.each([
    [0, 1_000, { from: 0, until: 8 }],
    [1_000, 1_000, { from: 48, until: 58 }],
    [19_900, 1_000, { from: 992, until: 1_000 }],
    [0, 3, { from: 0, until: 3 }],
    [-50, 1_000, { from: 0, until: 8 }],
    [0, 0, { from: 0, until: 0 }],
  ])('at %d of %d rows is %j', (scrollTop, rowCount, window) => {
    expect(visibleWindow({ ...view, scrollTop, rowCount })).toEqual(window);
  });

  it('moves only when the row is out of sight', () => {
    expect(scrollTopForRow(3, { scrollTop: 0, viewportHeight: 100, rowHeight: 20 })).toBeUndefined();
    expect(scrollTopForRow(50, { scrollTop: 0, viewportHeight: 100, rowHeight: 20 })).toBe(950);
    expect(scrollTopForRow(0, { scrollTop: 500, viewportHeight: 100, rowHeight: 20 })).toBe(0);
  });
});
