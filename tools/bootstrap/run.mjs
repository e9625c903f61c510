import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PrerequisiteError } from './progress.mjs';

/** First executable called `name` on PATH, or undefined. */
export function findOnPath(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Standard output and error of a short command; an empty string when it cannot be run. */
export function outputOf(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 30_000 });
  return result.error ? '' : `${result.stdout}${result.stderr}`;
}

const HEAD_LINES = 12;
const TAIL_LINES = 15;

/**
 * Runs a long command with its output held back; shows its first and last lines only when it fails.
 * @throws PrerequisiteError with those lines.
 */
export async function runQuietly(command, args, { cwd, env, what }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const head = [];
  const tail = [];
  const keep = (chunk) => {
    for (const line of String(chunk).split('\n').filter(Boolean)) (head.length < HEAD_LINES ? head : tail).push(line);
    if (tail.length > TAIL_LINES) tail.splice(0, tail.length - TAIL_LINES);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new PrerequisiteError(`${what} failed (exit code ${code}):\n  ${[...head, ...tail].join('\n  ')}`);
}
