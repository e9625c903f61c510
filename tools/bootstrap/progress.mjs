/** Short progress lines with the seconds since the command began: `[ 12.3s] installing npm packages`. */

/**
 * @param {{ startedAt?: number, write?: (line: string) => void }} [options] `startedAt`: milliseconds since the epoch.
 */
export function createProgress({ startedAt = Date.now(), write = (line) => process.stdout.write(`${line}\n`) } = {}) {
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1).padStart(6);
  const say = (text) => write(`[${seconds()}s] ${text}`);
  return {
    startedAt,
    say,
    /** Says `text` now and again every `everyMs` while `work` runs, so that a long silence never looks like a hang. */
    async during(text, work, everyMs = 15_000) {
      say(text);
      const beat = setInterval(() => say(`${text}, still at it`), everyMs);
      try {
        return await work();
      } finally {
        clearInterval(beat);
      }
    },
  };
}

/** What stops a command before it began. The message is one sentence for the person who typed the command. */
export class PrerequisiteError extends Error {}
