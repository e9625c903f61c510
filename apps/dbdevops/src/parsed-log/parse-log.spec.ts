import { describe, expect, it } from '@jest/globals';
import { leastCpuMs } from '@sluice/testing';
import { readMigrationLog } from './parse-log.js';

describe('reading a Liquibase log', () => {
  it('finds an update, its changesets and its success', () => {
    const text = [
      'Running Changeset: db/a.xml::1::ann',
      'Running Changeset: db/b.sql::raw::bob (company)',
      'Liquibase: Update has been successful. Rows affected: 3',
      "Liquibase command 'update' was executed successfully.",
    ].join('\n');
    expect(readMigrationLog(text)).toEqual({
      command: 'Update',
      isSuccess: true,
      changesets: [
        { file: 'db/a.xml', id: '1', author: 'ann', outcome: 'applied' },
        { file: 'db/b.sql', id: 'raw', author: 'bob (company)', outcome: 'applied' },
      ],
    });
  });

  it('finds the changeset that failed and why', () => {
    const text = [
      'Running Changeset: db/a.xml::1::ann',
      'Unexpected error running Liquibase: Migration failed for changeset db/a.xml::1::ann:',
      '     Reason: liquibase.exception.DatabaseException: ERROR: relation "x" exists',
    ].join('\r\n');
    expect(readMigrationLog(text)).toEqual({
      command: 'Update',
      isSuccess: false,
      changesets: [
        {
          file: 'db/a.xml',
          id: '1',
          author: 'ann',
          outcome: 'failed',
          error: 'liquibase.exception.DatabaseException: ERROR: relation "x" exists',
        },
      ],
    });
  });

  it.each([
    [
      "Rolling Back Changeset: db/a.xml::1::ann\nLiquibase command 'rollback-count' was executed successfully.",
      'RollbackCount',
      true,
    ],
    ['Rolling Back Changeset: db/a.xml::1::ann\nUnexpected error running Liquibase: no inverse', 'Rollback', false],
    ['No validation errors found.', 'Validate', true],
    ["Successfully tagged 'app@jdbc:x'", 'Tag', true],
    ["Liquibase command 'status' was executed successfully.", 'Status', true],
    ['Running Changeset: db/a.xml::1::ann', 'Update', false],
  ])('tells command and success from %j', (text, command, isSuccess) => {
    expect(readMigrationLog(text)).toMatchObject({ command, isSuccess });
  });

  it.each(['', 'hello', "Liquibase command 'drop-all' was executed successfully."])(
    'makes out nothing in %j',
    (text) => {
      expect(readMigrationLog(text)).toBeUndefined();
    },
  );

  it.each(['Running Changeset: ', 'Migration failed for changeset '])(
    'stays fast on long lines behind %j',
    (phrase) => {
      const cpuMs = leastCpuMs(() => {
        for (const part of ['a:', 'a::', ' :', '::']) readMigrationLog(`${phrase}${part.repeat(200_000)}`);
      });
      expect(cpuMs).toBeLessThan(2_000);
    },
  );
});
