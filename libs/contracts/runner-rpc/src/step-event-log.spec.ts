import { describe, expect, it } from '@jest/globals';
import { StepEventLog } from './step-event-log.js';

async function follow(log: StepEventLog, afterSeq: number, signal?: AbortSignal): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of log.follow(afterSeq, signal)) seen.push(seq);
  return seen;
}

describe('StepEventLog', () => {
  it('tells past events first, then new ones, and ends after the finished one', async () => {
    const log = new StepEventLog();
    log.append({ logJson: '1' });
    const seen = follow(log, 0);
    log.append({ changesetJson: '2' });
    log.append({ finishedJson: '3' });
    expect(await seen).toEqual([1, 2, 3]);
    expect(await follow(log, 2)).toEqual([3]);
    expect(await follow(log, 3)).toEqual([]);
  });

  it('keeps the first result and takes nothing after it', () => {
    const log = new StepEventLog();
    log.append({ finishedJson: 'first' });
    expect(log.append({ finishedJson: 'second' })).toBeUndefined();
    expect(log.append({ logJson: 'late' })).toBeUndefined();
    expect(log.lastSeq).toBe(1);
  });

  it('lets a follower go while nothing happens', async () => {
    const gone = new AbortController();
    const seen = follow(new StepEventLog(), 0, gone.signal);
    gone.abort();
    expect(await seen).toEqual([]);
  });

  it('forgets the oldest log lines beyond its limit in bytes, whatever their level, and neither changesets nor the result', async () => {
    const log = new StepEventLog([], 30);
    log.append({ logJson: '漢漢漢' });
    log.append({ changesetJson: 'a changeset that is longer than the limit' });
    for (let index = 0; index < 5; index += 1) log.append({ logJson: '0123456789' });
    log.append({ finishedJson: 'the end, longer than the limit of all lines' });
    expect(await follow(log, 0)).toEqual([2, 5, 6, 7, 8]);
  });
});
