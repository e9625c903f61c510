import type { StatusTone } from '../execution/execution-status.js';
import type { Changeset, ChangesetInstance, ChangesetStatus } from './db-schema.api.js';

export interface ChangesetStatusView {
  readonly label: string;
  readonly tone: StatusTone;
}

/** In the order of the legend. */
export const CHANGESET_STATUSES = [
  'Successfully_Deployed',
  'Not_Deployed',
  'Deployment_Failed',
  'Rolled_Back',
] as const satisfies readonly ChangesetStatus[];

const VIEWS: Readonly<Record<ChangesetStatus, ChangesetStatusView>> = {
  Successfully_Deployed: { label: 'Deployed', tone: 'success' },
  Not_Deployed: { label: 'Not deployed', tone: 'neutral' },
  Deployment_Failed: { label: 'Failed', tone: 'failure' },
  Rolled_Back: { label: 'Rolled back', tone: 'stopped' },
};

export function changesetStatusView(status: ChangesetStatus): ChangesetStatusView {
  return VIEWS[status];
}

/** What is known of a changeset on an instance; an instance it never reached may be left out of the answer. */
export function cellOf(changeset: Changeset, instanceId: string): ChangesetInstance {
  const known = changeset.instances.find((item) => item.instance === instanceId);
  return (
    known ?? { instance: instanceId, status: 'Not_Deployed', pipeline: '', planExecutionId: '', stageExecutionId: '' }
  );
}
