import { describe, expect, it } from '@jest/globals';
import { noSpace } from './no-space.js';

const withCode = (code: string, text = 'failed'): Error => Object.assign(new Error(text), { code });

describe('a full disk', () => {
  it.each([
    ['a file system', withCode('ENOSPC')],
    ['a quota', withCode('EDQUOT')],
    [
      'PostgreSQL, wrapped',
      Object.assign(new Error('QueryFailedError'), { driverError: withCode('53100', 'could not extend file') }),
    ],
    ['a program below', new Error('git failed', { cause: new Error('fatal: write error: No space left on device') })],
  ])('of %s is said to be one, and that it passes', (_what, cause) => {
    expect(noSpace(cause)).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      isRetryable: true,
      message: expect.stringContaining('no space left'),
    });
  });

  it.each([withCode('ENOENT'), withCode('53200'), undefined, 'no space left on device', null])(
    'is not seen in another failure: %p',
    (cause) => expect(noSpace(cause)).toBeUndefined(),
  );
});
