import { afterAll, beforeAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack, type StackOptions } from '@sluice/local-stack';

/** What is deleted right after what referred to it goes also where a process stands still in between. */
const STANDSTILL = { PIPELINE_REFERENCES_WAIT_MS: '60000' };

/** A stack for the tests of one `describe`: started on free ports before them, stopped and deleted after them. */
export function ownStack(options: Omit<StackOptions, 'dataDir' | 'ports'> = {}): () => Stack {
  let running: Stack | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));

  beforeAll(async () => {
    const pipeline = { ...STANDSTILL, ...options.environment?.pipeline };
    running = await startStack({
      ...options,
      environment: { ...options.environment, pipeline },
      dataDir,
      ports: { kind: 'free' },
    });
  }, 600_000);

  afterAll(async () => {
    await running?.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // a pod whose delegate was killed may write for a moment longer
  }, 600_000);

  return () => {
    if (!running) throw new Error('the stack did not start');
    return running;
  };
}
