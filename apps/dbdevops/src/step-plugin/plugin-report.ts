import { createHash } from 'node:crypto';
import type { RouteInput } from '@sluice/api-conventions';
import type { stepPluginResponse } from '@sluice/dbdevops-api';
import { AppError } from '@sluice/kernel';
import type { LoggedChangeset, ReadLog } from '../parsed-log/parse-log.js';
import type { StepReport } from '../step-report/changeset-state.js';

export type PluginResponse = RouteInput<typeof stepPluginResponse>['body'];

/** Recorded within seconds; a log of 10 MB could name thirty times as many. */
const MOST_CHANGESETS = 10_000;

/** Commands whose outcome changes what is deployed. */
const REPORTED: Readonly<Partial<Record<PluginResponse['command'], StepReport['command']>>> = {
  Update: 'Update',
  Rollback: 'Rollback',
  RollbackCount: 'Rollback',
};

/**
 * A step's output in the form of a report: what its log says of each changeset. The database's history is not part of it, so nothing but the changesets
 * the log names changes. The same response sent again gives the same `stepExecutionId`. @returns undefined for commands that change nothing
 * @throws AppError INVALID_REQUEST for more changesets than can be recorded while a client waits
 */
export function reportOfPlugin(
  response: PluginResponse,
  log: ReadLog | undefined,
  now: number,
): StepReport | undefined {
  const command = REPORTED[response.command];
  if (!command) return undefined;
  const changesets = log?.changesets ?? [];
  if (changesets.length > MOST_CHANGESETS) {
    const error = `the log names ${changesets.length} changesets, more than the ${MOST_CHANGESETS} one response may; deploy fewer at a time`;
    throw new AppError('INVALID_REQUEST', `invalid body: logs: ${error}`, { fields: [{ field: 'logs', error }] });
  }
  const hasSucceeded = /^succe/i.test(response.status) && log?.isSuccess !== false;
  const identity = [
    response.planExecutionId,
    response.stageExecutionId,
    response.dbSchema,
    response.dbInstance,
    response.command,
    response.logs,
  ];
  const message = changesets.find((changeset) => changeset.error)?.error ?? 'the step failed; its log says why';
  return {
    orgId: response.org,
    projectId: response.project,
    dbSchema: response.dbSchema,
    dbInstance: response.dbInstance,
    command,
    pipelineIdentifier: response.pipeline,
    planExecutionId: response.planExecutionId,
    stageExecutionId: response.stageExecutionId,
    stepExecutionId: `plugin-${createHash('sha256').update(JSON.stringify(identity)).digest('base64url')}`,
    isLate: false,
    result: {
      status: hasSucceeded ? 'succeeded' : 'failed',
      error: hasSucceeded ? undefined : { message, failureType: 'Unknown' },
      changesets: changesets.map((changeset) => outcomeOf(changeset, now)),
      history: null,
      pending: null,
      outputs: {},
      startedAt: now,
      endedAt: now,
    },
  };
}

function outcomeOf(
  { id, author, file, outcome, error }: LoggedChangeset,
  at: number,
): StepReport['result']['changesets'][number] {
  return { id, author, file, status: outcome, at, error };
}
