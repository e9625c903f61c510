import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { errorFromGrpc, statusOf } from './errors.js';

const overTheWire = (cause: unknown): AppError =>
  errorFromGrpc(Object.assign(new Error(), statusOf(cause)), 'PutToken');

describe('an error that goes over gRPC', () => {
  it('keeps code and message of one of ours', () =>
    expect(overTheWire(new AppError('CONFLICT', 'already there'))).toMatchObject({
      code: 'CONFLICT',
      message: 'already there',
    }));

  it('shows nothing of one that is not', () =>
    expect(overTheWire(new Error('password is hunter2'))).toMatchObject({
      code: 'INTERNAL',
      message: 'unexpected error',
    }));

  it.each(['22021', '22P05'])('is the request’s fault when the database cannot store its text (%s)', (code) => {
    expect(
      overTheWire(Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code })),
    ).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringMatching(/NUL character/) });
  });
});
