import { describe, expect, it } from '@jest/globals';
import { jsonShapeProblem } from './json-shape.js';

describe('the shape of a JSON text', () => {
  const most = { levels: 3, parts: 6 };
  it.each([
    ['as deep as may be', '[[[1]]]', undefined],
    ['one level deeper', '[[[[1]]]]', 'nests deeper than 3 levels; send a flatter one'],
    ['deeper through objects', '{"a":{"a":{"a":{}}}}', 'nests deeper than 3 levels; send a flatter one'],
    ['wide, and never deep', '[[],[],[],[],[]]', undefined],
    [
      'one part too many',
      '[[],[],[],[],[],[]]',
      'has more than 6 objects, lists and members; send it in smaller pieces',
    ],
    [
      'too many members',
      '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}',
      'has more than 6 objects, lists and members; send it in smaller pieces',
    ],
    ['brackets and colons in strings', '["[[[[{{{{::::::::", "a]}"]', undefined],
    ['an escaped quote', '["\\"[[[[::::::"]', undefined],
    ['an escaped backslash before the quote', '["\\\\",[[[1]]]]', 'nests deeper than 3 levels; send a flatter one'],
    ['a string without an end', '["[[[[', undefined],
    ['no JSON at all', ']]]]]]]:', undefined],
    ['many numbers', `[${'0,'.repeat(100)}0]`, undefined],
  ])('%s', (_, text, problem) => expect(jsonShapeProblem(text, most)).toBe(problem));
});
