import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { mayPass } from './durable-step.js';

const databaseError = (code: string): Error => Object.assign(new Error('as the driver has it'), { code });

describe('a durable step that failed', () => {
  it.each(['57P01', '57P03', '53100', '53300', '08006', '40001', 'ECONNREFUSED', 'ECONNRESET'])(
    'is tried again as long as there are attempts after %s: something is away',
    (code) => {
      expect(mayPass(databaseError(code), 1)).toBe(true);
      expect(mayPass(databaseError(code), 21)).toBe(true);
    },
  );

  it.each(['22001', '22P05', '54000'])('is not tried again after %s: what is in it can never be stored', (code) => {
    expect(mayPass(databaseError(code), 1)).toBe(false);
  });

  it('is tried a limited number of times when the failure may be a defect', () => {
    const defect = new TypeError('x is not a function');
    expect(mayPass(defect, 9)).toBe(true);
    expect(mayPass(defect, 10)).toBe(false);
  });

  it('is not tried again when our own code refused it', () => {
    expect(mayPass(new AppError('INVALID_REQUEST', 'no'), 1)).toBe(false);
  });
});
