const RUNS = 3;

/**
 * Milliseconds of CPU that synchronous `work` takes, the least of three runs. Unlike a clock on the wall it does not count what other programs do
 * in between, nor a pause of the machine, so a bound on it says something about the work alone.
 */
export function leastCpuMs(work: () => void): number {
  const runs = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...runs);
}
