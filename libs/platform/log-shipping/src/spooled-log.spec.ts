import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOG_LIMITS, type WireLogLine } from '@sluice/log-api';
import { SpooledLog, spoolName } from './spooled-log.js';

const MIB = 1024 * 1024;
const origin = { key: 'acc/log/step', baseUrl: 'http://logs', accountId: 'acc', token: 'token' };
const line = (out: string) => ({ level: 'INFO', time: '2026-01-01T00:00:00Z', out }) as const;

async function storedLines(
  log: SpooledLog,
): Promise<{ readonly sizeBytes: number; readonly lines: readonly WireLogLine[] }> {
  const { sizeBytes, open } = await log.content();
  const chunks: Buffer[] = [];
  for await (const bytes of open()) chunks.push(bytes);
  const all = Buffer.concat(chunks);
  expect(all.length).toBe(sizeBytes);
  return {
    sizeBytes,
    lines: all
      .toString()
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as WireLogLine),
  };
}

const open: SpooledLog[] = [];
function kept(log: SpooledLog | undefined): SpooledLog {
  if (!log) throw new Error('there is no such log');
  open.push(log);
  return log;
}

describe('a log in the spool', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sluice-spool-'))));
  afterEach(async () => {
    await Promise.all(open.splice(0).map((log) => log.release()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('is not on the disk before its first line, and private then', async () => {
    const log = kept(SpooledLog.create(folder, origin));
    await log.complete();
    expect(readdirSync(folder)).toEqual([]);
    await log.append(line('a'));
    const names = readdirSync(folder).sort();
    expect(names).toEqual([`${spoolName(origin.key)}.log.json`, `${spoolName(origin.key)}.log.jsonl`]);
    expect(names.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('is read from any line on', async () => {
    const log = kept(SpooledLog.create(folder, origin));
    await Promise.all(Array.from({ length: 5_000 }, (_, index) => log.append(line(`line ${index}`))));
    const pages: number[] = [];
    for (let from = 0; from < log.count;) {
      const batch = await log.read(from, { lines: 700, bytes: MIB });
      pages.push(batch.length);
      expect(batch.map(({ pos, out }) => [pos, out])).toEqual(
        batch.map((_, index) => [from + index, `line ${from + index}`]),
      );
      from += batch.length;
    }
    expect(pages).toEqual([700, 700, 700, 700, 700, 700, 700, 100]);
    expect((await log.read(3, { lines: 1, bytes: 1 })).map(({ out }) => out)).toEqual(['line 3']);
  });

  it('keeps its first MiB and its newest rest when it is larger than may be stored, counted in bytes, with a line that says what is left out', async () => {
    const log = kept(SpooledLog.create(folder, origin));
    const wide = '漢'.repeat(10_000);
    for (let index = 0; index < 1_400; index += 1) void log.append(line(`${index} ${wide}`));
    const { sizeBytes, lines } = await storedLines(log);
    expect(sizeBytes).toBeLessThanOrEqual(LOG_LIMITS.blobBytes);
    expect(sizeBytes).toBeGreaterThan(LOG_LIMITS.blobBytes - 64 * 1024);
    const at = lines.findIndex(({ level }) => level === 'WARN');
    const head = lines.slice(0, at);
    expect(head.reduce((sum, each) => sum + Buffer.byteLength(JSON.stringify(each)) + 1, 0)).toBeGreaterThan(
      MIB - 64 * 1024,
    );
    expect(head.map(({ pos }) => pos)).toEqual(head.map((_, index) => index));
    const first = lines[at + 1]?.pos ?? 0;
    expect(lines[at]).toMatchObject({ pos: first - 1, out: expect.stringContaining(`${first - head.length} lines (`) });
    expect(lines.slice(at + 1).map(({ pos }) => pos)).toEqual(
      Array.from({ length: 1_400 - first }, (_, index) => first + index),
    );
    expect(lines.at(-1)?.out.startsWith('1399 ')).toBe(true);
  });

  it('never takes much more of the disk than twice what may be stored, however much is written, and the marks of several cuts are one', async () => {
    const log = kept(SpooledLog.create(folder, origin, 100_000));
    for (let index = 0; index < 20_000; index += 1) await log.append(line(`line ${index} ${'x'.repeat(50)}`));
    expect(statSync(join(folder, `${spoolName(origin.key)}.log.jsonl`)).size).toBeLessThan(220_000);
    const { sizeBytes, lines } = await storedLines(log);
    expect(sizeBytes).toBeLessThanOrEqual(100_000);
    expect(lines.filter(({ level }) => level === 'WARN')).toHaveLength(1);
    expect(lines[0]?.out.startsWith('line 0 ')).toBe(true);
    expect(lines.at(-1)).toMatchObject({ pos: 19_999, out: expect.stringMatching(/^line 19999 /) });
    expect((await log.read(10_000, { lines: 1, bytes: 1 }))[0]?.pos).toBeGreaterThan(10_000);
  });

  it('is taken up by a process that never knew its writer: a torn line goes, and a last line says that the writer ended', async () => {
    const log = kept(SpooledLog.create(folder, origin));
    await log.append(line('a'));
    await log.append(line('b'));
    await log.release();
    const name = spoolName(origin.key);
    appendFileSync(join(folder, `${name}.log.jsonl`), '{"level":"INFO","pos":2,"out":"to');
    await SpooledLog.move(folder, join(folder, 'other'), name);
    expect(await SpooledLog.list(folder)).toEqual([]);
    expect(await SpooledLog.list(join(folder, 'other'))).toEqual([name]);
    const again = kept(await SpooledLog.reopen(join(folder, 'other'), name));
    expect(again.origin).toMatchObject(origin);
    const { lines } = await storedLines(again);
    expect(lines.map(({ pos, level }) => [pos, level])).toEqual([
      [0, 'INFO'],
      [1, 'INFO'],
      [2, 'ERROR'],
    ]);
    expect(lines[2]?.out).toMatch(/ended before this log did/);
    const third = kept(await SpooledLog.reopen(join(folder, 'other'), name));
    expect((await storedLines(third)).lines).toHaveLength(3);
  });

  it('that was finished is taken up as it is', async () => {
    const log = kept(SpooledLog.create(folder, origin));
    await log.append(line('a'));
    await log.complete();
    await log.release();
    const before = readFileSync(join(folder, `${spoolName(origin.key)}.log.jsonl`), 'utf8');
    const again = kept(await SpooledLog.reopen(folder, spoolName(origin.key)));
    expect((await storedLines(again)).lines).toHaveLength(1);
    expect(readFileSync(join(folder, `${spoolName(origin.key)}.log.jsonl`), 'utf8')).toBe(before);
  });
});
