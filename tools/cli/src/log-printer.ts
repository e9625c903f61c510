import type { LogLine } from './log-tail.js';

const LONGEST_NAME = 24;

/** One log line for the terminal: step, then text; the level only when it matters. */
export function formatLogLine(stepName: string, line: LogLine): string {
  const level = line.level === 'INFO' || line.level === '' ? '' : `${line.level} `;
  return `  ${stepName.slice(0, LONGEST_NAME)} | ${level}${line.out.trimEnd()}`;
}
