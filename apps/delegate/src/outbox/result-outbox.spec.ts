import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TaskResult } from '@sluice/delegate-protocol';
import { createLogger } from '@sluice/telemetry';
import { parseConfig } from '../config.js';
import { ResultOutbox } from './result-outbox.js';

const HOUR_MS = 3_600_000;
const KIB = 1024;
const result: TaskResult = {
  kind: 'cleanup-pod',
  outcome: { status: 'failed', error: { message: 'm', failureType: 'Unknown' } },
};

describe('results that no service takes', () => {
  let dataDir: string;
  let directory: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'result-outbox-'));
    directory = join(dataDir, 'outbox');
    await mkdir(directory);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const outboxWith = (limits: Record<string, string> = {}): ResultOutbox =>
    new ResultOutbox(
      parseConfig({
        DELEGATE_SERVICE_URL: 'ws://cp',
        DELEGATE_TOKEN_FILE: '/t',
        DELEGATE_DATA_DIR: dataDir,
        ...limits,
      }),
      createLogger('delegate', 'silent'),
    );
  const leave = async (name: string, hoursAgo: number, bytes = 1): Promise<void> => {
    await writeFile(join(directory, name), 'x'.repeat(bytes));
    const at = new Date(Date.now() - hoursAgo * HOUR_MS);
    await utimes(join(directory, name), at, at);
  };
  const left = async (): Promise<string[]> => (await readdir(directory)).sort();

  it('stay for the time that is configured, and go at the next start; what waits to be sent does not', async () => {
    await leave('old.1.json.refused', 49);
    await leave('new.1.json.refused', 24);
    await leave('waiting.1.json', 49);
    await outboxWith({ DELEGATE_REFUSED_RESULTS_HOURS: '48' }).open();
    expect(await left()).toEqual(['new.1.json.refused', 'waiting.1.json']);
  });

  it('go, the oldest first, when one that is set aside makes them larger than configured', async () => {
    const outbox = outboxWith({ DELEGATE_REFUSED_RESULTS_MB: '1' });
    await outbox.open();
    await leave('a.1.json.refused', 3, 10 * KIB);
    await leave('b.1.json.refused', 2, 600 * KIB);
    await leave('c.1.json.refused', 1, 600 * KIB);
    outbox.put({ taskId: 'now', epoch: 1, result });
    await outbox.setAside({ taskId: 'now', epoch: 1 });
    expect(await left()).toEqual(['c.1.json.refused', 'now.1.json.refused']);
  });

  it('keep the newest, however large it is and however long it waited before it was refused', async () => {
    const outbox = outboxWith({ DELEGATE_REFUSED_RESULTS_MB: '1', DELEGATE_REFUSED_RESULTS_HOURS: '1' });
    await outbox.open();
    outbox.put({
      taskId: 'now',
      epoch: 1,
      result: {
        kind: 'cleanup-pod',
        outcome: { status: 'failed', error: { message: 'x'.repeat(2 * KIB * KIB), failureType: 'Unknown' } },
      },
    });
    await outbox.flush();
    const waited = new Date(Date.now() - 100 * HOUR_MS);
    await utimes(join(directory, 'now.1.json'), waited, waited);
    await outbox.setAside({ taskId: 'now', epoch: 1 });
    expect(await left()).toEqual(['now.1.json.refused']);
  });
});
