import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, waitFor } from '@sluice/kernel';
import type { WireLogLine } from '@sluice/log-api';
import type { LogContent } from './log-content.js';
import { LogWriter } from './log-writer.js';
import { SpooledLog } from './spooled-log.js';

/** A log service in memory that fails as told, one entry per call. */
class ScriptedClient {
  stream: WireLogLine[] | undefined;
  stored: readonly WireLogLine[] | undefined;
  isClosed = false;

  constructor(private readonly failures: (AppError | undefined)[] = []) {}

  async open(): Promise<void> {
    this.stream ??= [];
  }

  async append(from: number, lines: readonly WireLogLine[]): Promise<number> {
    this.fail();
    if (!this.stream) throw new AppError('STREAM_NOT_FOUND', 'no such stream');
    if (from > this.stream.length) throw new AppError('CONFLICT', 'gap', { nextIndex: this.stream.length });
    this.stream.push(...lines.slice(this.stream.length - from));
    return this.stream.length;
  }

  async upload({ open }: LogContent): Promise<void> {
    this.fail();
    let text = '';
    for await (const bytes of open()) text += bytes.toString();
    this.stored = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as WireLogLine);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private fail(): void {
    const failure = this.failures.shift();
    if (failure) throw failure;
  }
}

const line = (out: string) => ({ level: 'INFO', time: '2026-01-01T00:00:00Z', out }) as const;
const away = new AppError('UPSTREAM_UNAVAILABLE', 'away');

const folder = mkdtempSync(join(tmpdir(), 'sluice-log-writer-'));
let logs = 0;
const spooled = (): SpooledLog =>
  SpooledLog.create(join(folder, String((logs += 1))), { key: `log ${logs}`, baseUrl: '', accountId: '', token: '' });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('LogWriter', () => {
  afterEach(() => void jest.useRealTimers());

  it('sends the first line at once and stores everything at the end', async () => {
    jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] }); // no pause ends: what waits for one is never sent
    const client = new ScriptedClient();
    const writer = new LogWriter(client, spooled());
    writer.write(line('a'));
    while (client.stream?.length !== 1) await new Promise((resolve) => setImmediate(resolve));
    writer.write(line('b'));
    expect(await writer.close()).toBe(true);
    expect(client.stored?.map(({ out, pos }) => [out, pos])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    expect(client.stream).toEqual(client.stored);
    expect(client.isClosed).toBe(true);
  });

  it('tries again while the service is away, without loss or repeat', async () => {
    const client = new ScriptedClient([away, away]);
    const writer = new LogWriter(client, spooled());
    writer.write(line('a'));
    await waitFor(() => client.stream?.length === 1, { timeoutMs: 120_000, what: 'the line' });
    expect(await writer.close()).toBe(true);
    expect(client.stream?.map(({ out }) => out)).toEqual(['a']);
  });

  it('goes on from where the service says when that has lost lines', async () => {
    const client = new ScriptedClient();
    const writer = new LogWriter(client, spooled());
    writer.write(line('a'));
    await waitFor(() => client.stream?.length === 1, { timeoutMs: 120_000, what: 'the first line' });
    client.stream?.splice(0);
    writer.write(line('b'));
    await waitFor(() => client.stream?.length === 2, { timeoutMs: 120_000, what: 'both lines' });
    expect(client.stream?.map(({ out }) => out)).toEqual(['a', 'b']);
    await writer.close();
  });

  it('gives up on the live stream when it is refused for good, and stores the log all the same', async () => {
    const client = new ScriptedClient([new AppError('INVALID_REQUEST', 'no')]);
    const writer = new LogWriter(client, spooled());
    writer.write(line('a'));
    await waitFor(() => writer.trouble !== undefined, { timeoutMs: 120_000, what: 'the refusal' });
    expect(await writer.close()).toBe(true);
    expect(client.stored?.length).toBe(1);
  });

  it('says that the log is not stored once its time is over', async () => {
    const writer = new LogWriter(new ScriptedClient(Array.from({ length: 100 }, () => away)), spooled(), {
      closeLimitMs: 300,
    });
    writer.write(line('a'));
    expect(await writer.close()).toBe(false);
    expect(writer.trouble).toBe('away');
  });

  it('makes no log where nothing was said', async () => {
    const client = new ScriptedClient();
    expect(await new LogWriter(client, spooled()).close()).toBe(true);
    expect(client.stored).toBeUndefined();
  });

  it('leaves nothing in the spool once the log is stored, and everything while it is not', async () => {
    const stored = new LogWriter(new ScriptedClient(), spooled());
    stored.write(line('a'));
    await stored.close();
    expect(readdirSync(join(folder, String(logs)))).toEqual([]);
    const kept = new LogWriter(new ScriptedClient(Array.from({ length: 100 }, () => away)), spooled(), {
      closeLimitMs: 100,
    });
    kept.write(line('a'));
    await kept.close();
    expect(
      readdirSync(join(folder, String(logs)))
        .map((name) => name.slice(32))
        .sort(),
    ).toEqual(['.log.json', '.log.jsonl']);
  });
});
