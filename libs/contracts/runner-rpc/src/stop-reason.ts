/**
 * Why a step is stopped. `ABORT`: a person asked for it, or a timeout of the run. `LEASE_OVER`: the clock. `LEASE_LOST`: the control plane has given its task
 * up. `SHUTDOWN`: the delegate or the container is being stopped. `ABANDONED`: the delegate is gone. `REMOVED`: its pod is being removed.
 */
export type StopReason = 'ABORT' | 'LEASE_OVER' | 'LEASE_LOST' | 'SHUTDOWN' | 'ABANDONED' | 'REMOVED';

interface Told {
  /** A clause that may be followed by what was going on. */
  readonly message: string;
  /** As failure strategies know it. */
  readonly failureType: 'Unknown' | 'Connectivity' | 'DelegateRestart';
}

/** What the log and the result of a stopped step say. */
export const STOPPED_BECAUSE: Readonly<Record<StopReason, Told>> = {
  ABORT: { message: 'the step was stopped on request', failureType: 'Unknown' },
  LEASE_OVER: {
    message:
      'the delegate was cut off from the control plane for longer than its lease, so it stopped the step before another run could take the database',
    failureType: 'Connectivity',
  },
  LEASE_LOST: {
    message: 'the control plane had given the step up, so the delegate stopped it',
    failureType: 'Unknown',
  },
  SHUTDOWN: { message: 'the delegate is being stopped, so the step was stopped', failureType: 'DelegateRestart' },
  ABANDONED: {
    message: 'the delegate went away and did not come back in time, so the step was stopped',
    failureType: 'DelegateRestart',
  },
  REMOVED: { message: 'the pod of the step was removed, so the step was stopped', failureType: 'DelegateRestart' },
};
