import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { nearKeys, nearestField, refusingNearKeys } from './near-keys.js';

const FIELDS = [
  'context',
  'substituteProperties',
  'delegateSelectors',
  'tags',
  'url',
  'name',
  'commitSha',
  'secret_manager_identifier',
  'type',
  'repo',
];

describe('nearestField: a key that is all but spelt like a field is taken for it', () => {
  it.each([
    ['contex', 'context'],
    ['contexts', 'context'],
    ['Context', 'context'],
    ['CONTEXT', 'context'],
    ['contxet', 'context'],
    ['substituteProperty', 'substituteProperties'],
    ['substitute_properties', 'substituteProperties'],
    ['substitute-property', 'substituteProperties'],
    ['substituteProprety', 'substituteProperties'],
    ['delegateSelector', 'delegateSelectors'],
    ['delegateselectors', 'delegateSelectors'],
    ['delegate_selector', 'delegateSelectors'],
    ['tag', 'tags'],
    ['tgas', 'tags'],
    ['urls', 'url'],
    ['ulr', 'url'],
    ['Name', 'name'],
    ['commitsha', 'commitSha'],
    ['commit_sha', 'commitSha'],
    ['secretManagerIdentifier', 'secret_manager_identifier'],
  ])('%s means %s', (key, field) => {
    expect(nearestField(key, FIELDS)).toBe(field);
  });

  it.each([
    'contextFilter',
    'date',
    'mode',
    'kind',
    'role',
    'owner',
    'labels',
    'orgIdentifier',
    'commit',
    'uid',
    'ref',
    'properties',
    'identifier',
    '',
  ])('%s is another word', (key) => {
    expect(nearestField(key, FIELDS)).toBeUndefined();
  });

  it('the nearest of several fields is named', () => {
    expect(nearestField('keyPaths', ['keyPass', 'keyPath'])).toBe('keyPath');
  });
});

const spec = z.discriminatedUnion('type', [
  z.object({ type: z.literal('A'), spec: z.object({ proxy: z.boolean() }) }),
  z.object({ type: z.literal('B'), spec: z.object({ region: z.string() }) }),
]);
const body = z.object({
  name: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
  items: z.array(z.object({ value: z.string().nullish() })).default([]),
  either: spec.nullish(),
  loose: z.looseObject({ type: z.string() }).optional(),
});

describe('nearKeys: misspelt fields are found at every level', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['the first', { name: 'n', tag: {} }, ['tag']],
    ['a list', { name: 'n', items: [{ value: 'a' }, { values: 'b' }] }, ['items.1.values']],
    [
      'the alternative its type names',
      { name: 'n', either: { type: 'B', spec: { regions: 'x', proxies: true } } },
      ['either.spec.regions'],
    ],
    ['no alternative, for a type that is none', { name: 'n', either: { type: 'C', spec: { regions: 'x' } } }, []],
    ['no map, whose keys are free', { name: 'n', tags: { tag: 'a', names: 'b' } }, []],
    ['no object that takes any key', { name: 'n', loose: { type: 'a', types: 'b' } }, []],
    ['no value of another kind', ['name'], []],
    ['no prototype', { name: 'n', constructor: 1, toString: 2 }, []],
  ])('in %s', (_, value, paths) => {
    expect(nearKeys(body, value).map(({ path }) => path.join('.'))).toEqual(paths);
  });

  it('among the first 200 unknown keys: a body of nothing else does not hold up the service', () => {
    const unknown = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-far-off-${at}`, 1]));
    const paths = (value: unknown) =>
      nearKeys(z.object({ context: z.string() }), value).map(({ path }) => path.join('.'));
    expect(paths({ ...unknown(199), contexts: 'prod' })).toEqual(['contexts']);
    expect(paths({ ...unknown(200), contexts: 'prod' })).toEqual([]);
  });

  it('a key that clients are known to send along is no mistake', () => {
    expect(
      nearKeys(z.object({ connectionType: z.string() }), { connectionType: 'Repo', connectorType: 'Git' }, [
        'connectorType',
      ]),
    ).toEqual([]);
  });
});

describe('refusingNearKeys: a misspelt field is refused, a further one is dropped', () => {
  const refusing = refusingNearKeys(z.object({ context: z.string().optional() }), { showsValues: true });
  const messageFor = (schema: z.ZodType, value: unknown): unknown =>
    schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

  it('with its name, its value and the field that was meant', () => {
    expect(messageFor(refusing, { contexts: 'prod' })).toEqual([
      'contexts is no field and its value "prod" would be dropped; write context if that is meant, or leave it out',
    ]);
  });

  it('without its value where that may be a secret', () => {
    expect(
      messageFor(refusingNearKeys(z.object({ value: z.string().optional() }), { showsValues: false }), {
        valeu: 'hunter2',
      }),
    ).toEqual(['valeu is no field and its value would be dropped; write value if that is meant, or leave it out']);
  });

  it('and a further field is dropped as before', () => {
    expect(refusing.parse({ context: 'a', owner: 'me' })).toEqual({ context: 'a' });
  });

  it('and a body that may be absent still may', () => {
    expect(
      refusingNearKeys(z.object({ a: z.string() }).optional(), { showsValues: true }).parse(undefined),
    ).toBeUndefined();
  });
});
