import { describe, expect, it } from '@jest/globals';
import { lastWordsOf } from './last-words.js';

const line = (level: number, msg: string, more: object = {}): string =>
  JSON.stringify({ level, time: 1, msg, ...more });

describe('the last words of a process are the reason of its end, in one line', () => {
  it.each([
    [
      'the message of the last error, with its cause',
      [
        line(30, 'listening'),
        line(60, 'stopped', {
          err: { message: 'no such database', stack: 'Error: no such database\n    at x (y.js:1)' },
        }),
        line(30, 'closing'),
      ],
      'stopped: no such database',
    ],
    [
      'once when both say the same',
      [line(50, 'no such database', { err: { message: 'no such database' } })],
      'no such database',
    ],
    ['the last line where none is an error', [line(30, 'listening'), line(30, 'draining')], 'draining'],
    [
      'an uncaught error without its stack',
      [
        '/x/y.js:12',
        '    throw new Error("x");',
        '    ^',
        '',
        'TypeError: x is not a function',
        '    at a (/x/y.js:1:2)',
        '    at b (/x/y.js:1:2)',
        '',
        'Node.js v20.20.2',
      ],
      'TypeError: x is not a function',
    ],
    ['plain text', ['no such database'], 'no such database'],
    ['a line that was cut', ['...evel":50}', '{"level":50,"msg":"cu'], '{"level":50,"msg":"cu'],
    ['nothing', ['', '  '], 'it gave no reason'],
  ])('%s', (_, lines, words) => {
    expect(lastWordsOf(lines.join('\n'))).toBe(words);
  });

  it('and never more than 300 characters', () => {
    expect(lastWordsOf(line(50, 'x'.repeat(1_000)))).toHaveLength(300);
  });
});
