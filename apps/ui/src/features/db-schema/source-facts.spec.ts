import { describe, expect, it } from '@jest/globals';

import { sourceFacts } from './source-facts.js';

describe('where a changelog comes from', () => {
  it('is its place, the folders its paths begin in, and the prefix of recorded names', () => {
    expect(
      sourceFacts({
        changelog: {
          location: 'src/main/resources/db/changelog.xml',
          searchPath: ['src/main/resources', 'shared'],
          filePrefix: 'classpath:',
        },
      }),
    ).toEqual([
      { label: 'changelog', value: 'src/main/resources/db/changelog.xml' },
      { label: 'search path', value: 'src/main/resources, shared' },
      { label: 'file prefix', value: 'classpath:' },
    ]);
  });

  it('ends with the service the schema is filed under', () => {
    expect(sourceFacts({ changelog: { location: 'c.xml' }, service: 'account.shop' }).at(-1)).toEqual({
      label: 'service',
      value: 'account.shop',
    });
  });

  it('leaves out what is not set', () => {
    expect(sourceFacts({ changelog: { location: 'c.xml', searchPath: [], filePrefix: '' } })).toEqual([
      { label: 'changelog', value: 'c.xml' },
    ]);
    expect(sourceFacts({})).toEqual([]);
  });
});
