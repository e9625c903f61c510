import { describe, expect, it } from '@jest/globals';
import { readMigrationLog } from '../parsed-log/parse-log.js';
import { reportOfPlugin, type PluginResponse } from './plugin-report.js';

const response: PluginResponse = {
  org: 'o',
  project: 'p',
  dbSchema: 's',
  dbInstance: 'i',
  logs: "Running Changeset: a.xml::1::ann\nLiquibase command 'update' was executed successfully.",
  status: 'SUCCESS',
  data: {},
  command: 'Update',
  pipeline: 'deploy',
  planExecutionId: 'e',
  stageExecutionId: 'st',
};
const reportOf = (change: Partial<PluginResponse>, now = 5) => {
  const changed = { ...response, ...change };
  return reportOfPlugin(changed, readMigrationLog(changed.logs), now);
};

describe('the response of a step plugin', () => {
  it('reports what its log names, and no history', () => {
    expect(reportOf({})).toMatchObject({
      command: 'Update',
      result: {
        status: 'succeeded',
        history: null,
        pending: null,
        changesets: [{ id: '1', status: 'applied', at: 5 }],
      },
    });
  });

  it('is the same report when it is sent again, and another when its log differs', () => {
    expect(reportOf({}, 6)?.stepExecutionId).toBe(reportOf({}, 5)?.stepExecutionId);
    expect(reportOf({ logs: `${response.logs}\n` })?.stepExecutionId).not.toBe(reportOf({})?.stepExecutionId);
  });

  it('has failed when its log says so, whatever its status', () => {
    const logs = 'Unexpected error running Liquibase: Migration failed for changeset a.xml::1::ann:\n Reason: boom';
    expect(reportOf({ logs })).toMatchObject({
      result: { status: 'failed', error: { message: 'boom' }, changesets: [{ status: 'failed', error: 'boom' }] },
    });
    expect(reportOf({ status: 'FAILURE' })).toMatchObject({ result: { status: 'failed' } });
  });

  it('may name 10,000 changesets and no more', () => {
    const logs = (count: number) =>
      Array.from({ length: count }, (_, at) => `Running Changeset: a.xml::${at}::ann`).join('\n');
    expect(reportOf({ logs: logs(10_000) })?.result.changesets).toHaveLength(10_000);
    expect(() => reportOf({ logs: logs(10_001) })).toThrow(
      'invalid body: logs: the log names 10001 changesets, more than the 10000 one response may; deploy fewer at a time',
    );
  });

  it('reports nothing for commands that change nothing', () => {
    expect(reportOf({ command: 'Validate' })).toBeUndefined();
  });
});
