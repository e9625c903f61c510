import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/kernel';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const PATIENCE_MS = 600_000;

jest.setTimeout(2 * PATIENCE_MS); // it starts a JVM, and machines that test are busy

let runner: ChildProcess | undefined;
beforeAll(() => {
  spawnSync(process.execPath, ['tools/build.mjs', '--no-ui'], { cwd: root });
}, PATIENCE_MS);
afterAll(() => {
  runner?.kill('SIGKILL');
});

it('a parked step runner whose change engine is ended ends too, so that its owner has another one ready', async () => {
  const output: string[] = [];
  const child = spawn(process.execPath, [join(root, 'apps/step-runner/dist/main.js'), '--parked'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  runner = child;
  const exited = new Promise<number | null>((done) => child.once('close', done));
  createInterface({ input: child.stdout }).on('line', (line) => output.push(line));
  await waitFor(() => output.includes('parked'), { timeoutMs: PATIENCE_MS, what: 'the parked step runner' });
  const engines = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(/\s+/);
  for (const engine of engines) process.kill(Number(engine), 'SIGKILL');
  expect(await exited).toBe(1);
  expect(output.join('\n')).toContain('the change engine was ended by SIGKILL before it had a result');
});
