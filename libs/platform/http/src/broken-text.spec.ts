import { describe, expect, it } from '@jest/globals';
import { placeOfBrokenText } from './broken-text.js';

describe('half a surrogate pair in JSON', () => {
  it.each([
    ['name', { id: 'a', name: 'a\ud800b' }],
    ['tags.team', { tags: { team: '\udc00' } }],
    ['tags', { tags: { '\ud83d': 'x' } }],
    ['1.field', [{ field: 'ok' }, { field: '\ude00\ud83d' }]],
    ['body', '\ud800'],
  ])('is found at %s', (place, json) => {
    expect(placeOfBrokenText(json)).toBe(place);
  });

  it.each([[{ name: 'whole \ud83d\ude00', tags: { é: '漢' } }], [[]], [null], [7], [undefined]])(
    'is not seen in %j',
    (json) => {
      expect(placeOfBrokenText(json)).toBeUndefined();
    },
  );

  it('is looked for at any depth', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(50_000)}"\\ud800"${']'.repeat(50_000)}`);
    expect(placeOfBrokenText(deep)).toMatch(/^0(\.0)+$/);
  });
});
