import { describe, expect, it } from '@jest/globals';
import { RunningTasks } from './running-tasks.js';
import { TaskStopped } from './task-handler.js';

const lease = (epoch: number) => ({ taskId: 't1', epoch });

describe('what a delegate works on', () => {
  it('takes one lease once, however often it is told of it', () => {
    const running = new RunningTasks();
    expect(running.begin(lease(1), 'cleanup-pod')).toBeDefined();
    expect(running.begin(lease(1), 'cleanup-pod')).toBeUndefined();
    expect(running.leases()).toEqual([lease(1)]);
  });

  it('stops the older lease when the same task comes back with a newer one', () => {
    const running = new RunningTasks();
    const older = running.begin(lease(1), 'cleanup-pod');
    const newer = running.begin(lease(2), 'cleanup-pod');
    expect(older?.stop.signal.reason).toEqual(new TaskStopped('leaseLost'));
    if (older) running.end(older);
    expect(running.leases()).toEqual([lease(2)]);
    expect(newer?.stop.signal.aborted).toBe(false);
  });

  it('stops only the very lease that was lost', () => {
    const running = new RunningTasks();
    const task = running.begin(lease(2), 'cleanup-pod');
    running.stop(lease(1), 'leaseLost');
    expect(task?.stop.signal.aborted).toBe(false);
    running.stop(lease(2), 'aborted');
    expect(task?.stop.signal.reason).toMatchObject({ reason: 'aborted' });
  });

  it('tells when nothing runs any more, or that it did not come to that in time', async () => {
    const running = new RunningTasks();
    const task = running.begin(lease(1), 'cleanup-pod');
    expect(await running.whenIdle(10)).toBe(false);
    const idle = running.whenIdle(5_000);
    if (task) running.end(task);
    expect(await idle).toBe(true);
  });
});
