import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { leastCpuMs } from '@sluice/testing';
import { parseYaml } from './yaml-source.js';

const failure = (text: string): AppError => {
  try {
    parseYaml(text, 'the pipeline');
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('it was taken');
};

describe('parseYaml', () => {
  it.each([
    ['YAML', 'a:\n  b: 1\n', { a: { b: 1 } }],
    ['JSON', '{"a": {"b": [1, "two", null, true]}}', { a: { b: [1, 'two', null, true] } }],
    ['an empty document', '', null],
    ['quoted numbers as text', 'a: "1.10"', { a: '1.10' }],
    ['words of YAML 1.1 as text', 'a: yes\nb: off', { a: 'yes', b: 'off' }],
    ['a few aliases', 'x: &x {a: 1}\ny: *x\nz: *x\n', { x: { a: 1 }, y: { a: 1 }, z: { a: 1 } }],
    ['block text', 'a: |\n  one\n  two\n', { a: 'one\ntwo\n' }],
    ['expressions with brackets', 'a: <+pipeline.variables.x>', { a: '<+pipeline.variables.x>' }],
  ])('reads %s', (_what, text, value) => expect(parseYaml(text, 'x').value).toEqual(value));

  it.each([
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', /line 3: .*unique.*remove one of the two/i],
    ['two documents', 'a: 1\n---\nb: 2\n', /send one document/],
    ['tabs as indentation', 'a:\n\tb: 1\n', /line 2/],
    ['an open bracket', 'a: [1, 2\n', /line \d/],
    ['a custom tag', 'a: !!js/function "x"\n', /line 1: .*remove the tag/],
    ['an alias without an anchor', 'a: *x\n', /x/],
  ])('refuses %s and says where', (_what, text, message) => {
    expect(failure(text)).toMatchObject({ code: 'INVALID_YAML_ERROR' });
    expect(failure(text).message).toMatch(message);
  });

  it('refuses an alias bomb before it unfolds', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1)
      lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`);
    const cpuMs = leastCpuMs(() => expect(failure(lines.join('\n')).message).toMatch(/alias/));
    expect(cpuMs).toBeLessThan(2_000);
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['brackets that close', `${'['.repeat(200)}${']'.repeat(200)}`],
    ['dashes', `${'- '.repeat(50_000)}x`],
    ['indentation', Array.from({ length: 100 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
  ])('refuses runaway nesting by %s', (_what, text) =>
    expect(failure(text)).toMatchObject({ code: 'INVALID_YAML_ERROR' }),
  );

  const lines = (count: number, line: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => line(at)).join('\n');

  it.each([
    ['keys', lines(25_000, (at) => `k${at}: 1`), 25_000],
    ['keys of one brace', `{${Array.from({ length: 25_000 }, (_, at) => `k${at}: 1`).join(', ')}}`, 25_000],
    ['anchors', lines(20_000, (at) => `- &a${at} x`), 20_000],
  ])(
    'reads many %s in a time that grows with their number',
    (_what, text, count) => {
      const cpuMs = leastCpuMs(() => expect(Object.keys(parseYaml(text, 'x').value as object)).toHaveLength(count));
      expect(cpuMs).toBeLessThan(2_000);
    },
    300_000,
  );

  it('finds a repeated key however far it is from the first', () => {
    expect(failure(`${lines(20_000, (at) => `k${at}: 1`)}\nk0: 2`).message).toMatch(
      /line 20001: Map keys must be unique/,
    );
    expect(failure('a:\n  - b: {c: 1, d: 2, c: 3}\n').message).toMatch(/line 2: Map keys must be unique/);
  });

  it.each([
    [
      'more aliases than 500',
      lines(8_000, (at) => `- &a${at} x\n- *a${at}`),
      /more than 500 aliases; write the repeated parts out/,
    ],
    ['items', `[${'1,'.repeat(500_000)}1]`, /500003 lines, list items, commas and brackets; at most 50000 are taken/],
    ['lines that are wrong', '\t- a: \n'.repeat(100_000), /at most 50000 are taken/],
    ['items on one line', `${'- '.repeat(200)}x\n`.repeat(2_000), /at most 50000 are taken/],
    ['line ends', `a: 1${'\r'.repeat(60_000)}`, /at most 50000 are taken/],
  ])(
    'refuses too many %s before they take long',
    (_what, text, message) => {
      const cpuMs = leastCpuMs(() => expect(failure(text).message).toMatch(message));
      expect(cpuMs).toBeLessThan(2_000);
    },
    300_000,
  );

  it('refuses more than a mebibyte', () => expect(failure('x'.repeat(1_048_577)).message).toMatch(/at most 1048576/));

  it.each([
    [['a'], 1],
    [['b', 'c'], 3],
    [['b', 'd', 1], 6],
    [['b', 'd', 1, 'e'], 6],
    [['b', 'nothing', 'here'], 2],
    [[], 1],
  ])('knows the line of %j', (path, line) => {
    expect(parseYaml('a: 1\nb:\n  c: 2\n  d:\n    - x\n    - e: 3\n', 'x').lineOf(path)).toBe(line);
  });
});
