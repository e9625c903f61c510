import { expect, it } from '@jest/globals';
import { changesetTable } from './changeset-table.js';
import { formatLogLine } from './log-printer.js';

const HOSTILE = 'x\u001b]52;c;cm0gLXJm\u0007\u001b[2J\u202Egnp.exe';

it('a log line cannot steer the terminal, whatever a changelog or a database wrote', () => {
  expect(formatLogLine('a\u001b[31mpply', { level: 'WARN', pos: 0, out: `${HOSTILE}\n`, time: '', args: null })).toBe(
    '  apply | WARN xgnp.exe',
  );
});

it('neither can the table of changesets, nor can an id draw a row of its own', () => {
  const table = changesetTable(
    [
      {
        changeSet: `${HOSTILE}\nfake`,
        author: 'a\u009b2J',
        fileName: 'f\r.sql',
        status: 'Successfully_Deployed',
        planExecutionId: 'us',
        deployedAt: 1,
      },
    ],
    'us',
  );
  expect(table.split('\n')).toEqual([
    'CHANGESET      AUTHOR  FILE   STATUS    RUN  TAG',
    'xgnp.exe fake  a       f.sql  deployed  now',
  ]);
});
