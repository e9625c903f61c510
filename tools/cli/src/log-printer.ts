import { plainText } from '@sluice/kernel';
import type { LogLine } from './log-tail.js';

const LONGEST_NAME = 24;

/** One log line for the terminal: step, then text; the level only when it matters. What could steer the terminal is left out. */
export function formatLogLine(stepName: string, line: LogLine): string {
  const level = line.level === 'INFO' || line.level === '' ? '' : `${line.level} `;
  return plainText(`  ${stepName.slice(0, LONGEST_NAME)} | ${level}${line.out.trimEnd()}`);
}
