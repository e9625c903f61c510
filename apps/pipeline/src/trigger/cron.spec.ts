import { describe, expect, it } from '@jest/globals';
import { cronFault, isTimeZone } from './cron.js';

describe('cron expressions', () => {
  it.each(['* * * * *', '0/15 4 * * *', '*/5 0-6,18-23 1,15 * MON-FRI', '0 0 31 DEC 7', '  30   2 * jan-mar sun '])(
    'UNIX takes "%s"',
    (expression) => expect(cronFault(expression, 'UNIX')).toBeUndefined(),
  );

  it.each([
    '0 0 12 * * ?',
    '0 0/5 14 ? * MON-FRI',
    '0 15 10 L * ?',
    '0 15 10 L-3 * ? 2030-2035',
    '0 15 10 ? * 6L',
    '0 15 10 ? * FRI#3',
    '0 0 0 15W * ?',
    '0 0 0 LW * ?',
    '0 0 0 ? * L',
  ])('QUARTZ takes "%s"', (expression) => expect(cronFault(expression, 'QUARTZ')).toBeUndefined());

  it.each([
    ['UNIX', '', 'has no fields, UNIX cron has 5'],
    ['UNIX', '* * * *', 'has 4 fields'],
    ['UNIX', '60 * * * *', 'has "60" as minute: "60" is not a number from 0 to 59'],
    ['UNIX', '* 24 * * *', 'as hour'],
    ['UNIX', '* * 0 * *', 'as day of month'],
    ['UNIX', '* * * 13 *', 'or one of JAN'],
    ['UNIX', '* * * * FUNDAY', '"FUNDAY" is not a number from 0 to 7 or one of SUN'],
    ['UNIX', '*/0 * * * *', 'the step "0" is not a number above 0'],
    ['UNIX', '1/2/3 * * * *', 'more than one step'],
    ['UNIX', '30-10 * * * *', 'the range "30-10" runs backwards'],
    ['UNIX', '1-2-3 * * * *', 'is not a range'],
    ['UNIX', '1,,2 * * * *', '"" is not a number'],
    ['UNIX', '* * ? * *', 'as day of month'],
    ['UNIX', `${'1,'.repeat(200)}1 * * * *`, 'more than 256 characters'],
    ['QUARTZ', '* * * * *', 'has 5 fields, QUARTZ cron has 6 or 7'],
    ['QUARTZ', '0 0 12 * * *', 'needs "?" as exactly one'],
    ['QUARTZ', '0 0 12 ? * ?', 'needs "?" as exactly one'],
    ['QUARTZ', '0 0 12 ? * 0', 'as day of week'],
    ['QUARTZ', '0 0 12 * * ? 1969', 'as year'],
  ] as const)('%s refuses "%s" and says why', (type, expression, fault) =>
    expect(cronFault(expression, type)).toContain(fault),
  );

  it('knows time zones by name', () => {
    expect(['Europe/Berlin', 'UTC', 'Asia/Kolkata', 'US/Pacific'].map(isTimeZone)).toEqual([true, true, true, true]);
    expect(['', 'Mars/Base', '+02:00', 'Europe', '\u0000'].map(isTimeZone)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
