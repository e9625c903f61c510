import type { StatusTone } from '../execution/execution-status.js';
import type { Changeset, ChangesetInstance } from './db-schema.api.js';

export interface ChangesetStatusView {
  readonly label: string;
  readonly tone: StatusTone;
}

const VIEWS: Readonly<Record<ChangesetInstance['status'], ChangesetStatusView>> = {
  Successfully_Deployed: { label: 'Deployed', tone: 'success' },
  Not_Deployed: { label: 'Not deployed', tone: 'neutral' },
  Deployment_Failed: { label: 'Failed', tone: 'failure' },
  Rolled_Back: { label: 'Rolled back', tone: 'stopped' },
};

export function changesetStatusView(status: ChangesetInstance['status']): ChangesetStatusView {
  return VIEWS[status];
}

/** What is known of a changeset on an instance; an instance it never reached is not in the answer. */
export function cellOf(changeset: Changeset, instanceId: string): ChangesetInstance {
  return changeset.instances.find((item) => item.instance === instanceId) ?? { instance: instanceId, status: 'Not_Deployed' };
}

/** How many of the given changesets each instance has, in the order of `instanceIds`. */
export function deployedCounts(changesets: readonly Changeset[], instanceIds: readonly string[]): readonly number[] {
  return instanceIds.map((id) => changesets.filter((changeset) => cellOf(changeset, id).status === 'Successfully_Deployed').length);
}
