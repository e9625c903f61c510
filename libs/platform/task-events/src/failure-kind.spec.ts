import { describe, expect, it } from '@jest/globals';
import { AppError, type ErrorCode } from '@sluice/kernel';
import { failureKindOf } from './failure-kind.js';

const withCode = (code: string): Error => Object.assign(new Error('driver'), { code });
/** As TypeORM and other layers wrap it. */
const wrapped = (cause: Error): Error => Object.assign(new Error('QueryFailedError'), { driverError: cause });

describe('a failure', () => {
  it.each<ErrorCode>([
    'RESOURCE_NOT_FOUND',
    'ENTITY_NOT_FOUND',
    'SECRET_NOT_FOUND',
    'ACCESS_DENIED',
    'INVALID_REQUEST',
    'SCHEMA_VALIDATION_FAILED',
    'PAYLOAD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'LEASE_LOST',
    'DUPLICATE_FIELD',
  ])('of code %s is final', (code) => {
    expect(failureKindOf(new AppError(code, 'no'))).toBe('final');
  });

  it.each<ErrorCode>(['UPSTREAM_UNAVAILABLE', 'REQUEST_TIMEOUT', 'TOO_MANY_REQUESTS', 'CONFLICT', 'OPTIMISTIC_LOCK'])(
    'of code %s passes',
    (code) => {
      expect(failureKindOf(new AppError(code, 'later'))).toBe('retryable');
    },
  );

  it.each<ErrorCode>(['INTERNAL', 'INVALID_TOKEN', 'EXPIRED_TOKEN'])('of code %s may pass', (code) => {
    expect(failureKindOf(new AppError(code, 'perhaps'))).toBe('unclear');
  });

  it.each(['22021', '22P02', '22P05', '22001', '22003', '54000', '08P01'])(
    'of SQL state %s is final, also inside other errors',
    (state) => {
      expect(failureKindOf(withCode(state))).toBe('final');
      expect(failureKindOf(wrapped(withCode(state)))).toBe('final');
      expect(failureKindOf(new Error('outer', { cause: wrapped(withCode(state)) }))).toBe('final');
    },
  );

  it.each([
    '08006',
    '08001',
    '40001',
    '40P01',
    '53300',
    '53100',
    '55P03',
    '57P01',
    '57P03',
    '57014',
    '58030',
    '25P03',
    '25006',
  ])('of SQL state %s passes', (state) => {
    expect(failureKindOf(wrapped(withCode(state)))).toBe('retryable');
  });

  it.each(['23505', '42P01', 'XX000'])('of SQL state %s may pass', (state) => {
    expect(failureKindOf(wrapped(withCode(state)))).toBe('unclear');
  });

  it.each([
    withCode('ECONNREFUSED'),
    withCode('EPIPE'),
    withCode('UND_ERR_SOCKET'),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
    new Error('fetch failed', { cause: withCode('ECONNRESET') }),
  ])('of the network passes: %s', (cause) => {
    expect(failureKindOf(cause)).toBe('retryable');
  });

  it('of what cannot be read is final', () => {
    const unread = Object.assign(new Error('expected string'), { name: 'ZodError' });
    expect(
      [new SyntaxError('Unexpected token'), unread, new RangeError('Invalid string length')].map(failureKindOf),
    ).toEqual(['final', 'final', 'final']);
  });

  it('nobody knows may pass', () => {
    const circular = new Error('around');
    circular.cause = circular;
    expect([new TypeError('x is not a function'), 'text', undefined, circular].map(failureKindOf)).toEqual([
      'unclear',
      'unclear',
      'unclear',
      'unclear',
    ]);
  });
});
