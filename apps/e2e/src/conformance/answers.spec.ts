import { describe, expect, it } from '@jest/globals';
import { differences, errorFormComplaints, leaksIn, partOf } from './answers.js';
import type { Exchange } from './exchange.js';

const answered = (status: number, body: unknown, type = 'application/json; charset=utf-8'): Exchange => ({
  request: '',
  status,
  headers: new Headers({ 'content-type': type }),
  text: JSON.stringify(body),
  json: body,
  ms: 1,
});

describe('what is known of an answer', () => {
  it.each<[unknown, unknown]>([
    [{ a: 1, more: 2 }, { a: 1 }],
    [[{ a: 1 }], [{ a: 1 }]],
    [{ text: 'no such thing' }, { text: partOf('such') }],
    [null, null],
    ['x', undefined],
  ])('%j holds %j', (actual, known) => expect(differences(actual, known)).toEqual([]));

  it.each<[unknown, unknown, RegExp]>([
    [{ a: 1 }, { a: 2 }, /^a is 1, not 2$/],
    [[1, 2], [1], /has 2 entries, not 1/],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, /^a\.b\[0\]\.c is 1/],
    [{}, { text: partOf('x') }, /does not hold "x"/],
    [undefined, { a: 1 }, /is undefined/],
  ])('%j does not hold %j', (actual, known, complaint) => expect(differences(actual, known).join()).toMatch(complaint));
});

describe('the form of an error', () => {
  const ng = { status: 'FAILURE', code: 'X', message: 'm', correlationId: 'c', errors: [], responseMessages: [] };
  it.each<[string, Exchange, 'ng' | 'message' | 'log']>([
    ['of the NG generation', answered(404, ng), 'ng'],
    ['of the NG generation, an error of ours', answered(503, { ...ng, status: 'ERROR' }), 'ng'],
    ['of DB DevOps', answered(404, { message: 'm' }), 'message'],
    ['of the log service', answered(404, { error_msg: 'm', message: 'm' }), 'log'],
  ])('is right %s', (_, exchange, style) => expect(errorFormComplaints(exchange, style)).toEqual([]));

  it.each<[string, Exchange, 'ng' | 'message' | 'log']>([
    ['HTML', answered(404, 'x', 'text/html'), 'ng'],
    ['no code', answered(404, { ...ng, code: undefined }), 'ng'],
    ['a status of the other kind', answered(500, ng), 'ng'],
    ['more than a message', answered(404, ng), 'message'],
    ['an empty text', answered(404, { error_msg: '', message: 'm' }), 'log'],
    ['one of its two texts', answered(404, { error_msg: 'm' }), 'log'],
  ])('is wrong with %s', (_, exchange, style) =>
    expect(errorFormComplaints(exchange, style).length).toBeGreaterThan(0),
  );
});

describe('a text gives away', () => {
  it.each([
    ['a stack', 'boom\n    at handle (index.js:10:5)'],
    ['a path', 'ENOENT: no such file, open /usr/lib/sluice/secrets/key.pem'],
    ['a module', 'in node_modules/pg/lib/client.js'],
    ['SQL', 'SELECT id FROM users WHERE'],
    ['a database error', 'duplicate key value breaks a rule'],
  ])('%s', (_, text) => expect(leaksIn(text)).not.toEqual([]));
  it('nothing when it speaks of files and tables of a user', () => {
    expect(leaksIn('changelog.sql: relation "absent" does not exist; see /ng/account/A/all/orgs/default')).toEqual([]);
  });
});
