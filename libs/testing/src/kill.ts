/** SIGKILL to a process, or to its group when negative. One that has ended already is as dead as it would be. @throws Error when there is no number to kill */
export function killIfThere(pid: number | undefined): void {
  if (pid === undefined || pid === 0) throw new Error('there is no process to kill');
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause: unknown) {
    if (!(typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ESRCH')) throw cause;
  }
}
