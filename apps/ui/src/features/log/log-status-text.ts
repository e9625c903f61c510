import type { LogState } from './follow-log.js';

/** What stands where the lines would be while there are none. It says only what is known: a log that is not stored may still come. */
export function emptyText(state: LogState, isStepEnded: boolean): string {
  switch (state.status) {
    case 'complete':
      return 'This step wrote nothing.';
    case 'missing':
      return 'No log of this step is stored. It may still be on its way from the delegate, which sends it again until the log service has it; or the step ended before it wrote anything.';
    case 'reconnecting':
      return 'Waiting for the connection to the log…';
    default:
      return isStepEnded ? 'Looking for the log…' : 'Waiting for the first line…';
  }
}

/** The state of the log in a few words. */
export function footerText(state: LogState, isStepEnded: boolean): string {
  switch (state.status) {
    case 'connecting':
      return 'Connecting…';
    case 'waiting':
      return isStepEnded ? 'Looking for the log' : 'Waiting for the first line';
    case 'live':
      return 'Live';
    case 'reconnecting':
      return `Connection lost, trying again: ${state.problem}`;
    case 'complete':
      return 'Complete';
    case 'missing':
      return 'Nothing is stored';
    case 'failed':
      return 'Not loaded';
  }
}
