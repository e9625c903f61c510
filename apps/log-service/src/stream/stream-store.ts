import { AppError, messageOf } from '@sluice/kernel';
import { isBelow, ownerOfLog, type WireLogLine } from '@sluice/log-api';
import type { Redis } from 'ioredis';
import { writerThatGivesWay, type LogScope, type LogWriter } from '../access/log-access.js';
import type { StreamLimits } from '../config.js';
import { toChunks } from './log-lines.js';
import { appendScript, closeScript, openScript } from './stream-scripts.js';

export interface StreamInfo {
  readonly isOpen: boolean;
  /** Index the next line gets; the number of lines ever written. */
  readonly nextIndex: number;
  /** Lowest index still kept. */
  readonly firstIndex: number;
  readonly scope: LogScope;
  /** Who opened it. */
  readonly writer: string | undefined;
}

export type AppendResult =
  | { readonly kind: 'appended'; readonly nextIndex: number }
  /** `from` lies beyond the next index: lines in between were never seen. */
  | { readonly kind: 'gap'; readonly nextIndex: number }
  | { readonly kind: 'closed'; readonly nextIndex: number }
  | { readonly kind: 'missing' }
  /** Another writer opened it. */
  | { readonly kind: 'foreign' };

/** A run of stored lines without gaps. */
export interface StreamBatch {
  readonly info: StreamInfo;
  readonly firstIndex: number;
  readonly lines: readonly string[];
}

const READ_CHUNKS = 8;
const INDEX_TTL_MS = 7 * 86_400_000;
/** Kept after the stored log exists, so that tails under way finish from where they are. */
const CLOSED_TTL_MS = 600_000;

/**
 * Live lines in Redis: one hash and one stream per log key. Every method throws AppError UPSTREAM_UNAVAILABLE when Redis is not there.
 */
export class StreamStore {
  private readonly reads = new Map<string, Promise<StreamBatch | undefined>>();

  constructor(
    private readonly redis: Redis,
    private readonly limits: StreamLimits,
  ) {}

  /** Creates the stream if absent; an existing one of the same writer keeps its lines and its scope. What gives way to the writer is removed first. */
  async open(
    key: string,
    scope: LogScope,
    writer: LogWriter,
  ): Promise<{ readonly state: 'open' | 'closed' | 'foreign'; readonly nextIndex: number }> {
    return this.reaching(async () => {
      const run = runKey(key);
      const answer = await openScript.run(this.redis, keysOf(key), [
        this.limits.ttlMs,
        scope.orgId ?? '',
        scope.projectId ?? '',
        Date.now(),
        writer,
        writerThatGivesWay(writer),
      ]);
      await this.redis.pipeline().sadd(run, key).pexpire(run, INDEX_TTL_MS).exec();
      const [state, next] = answer as ['open' | 'closed' | 'foreign', string];
      return { state, nextIndex: Number(next) };
    });
  }

  /** Appends lines that start at index `from` (at the end when undefined). Lines already there are skipped, so it is safe to repeat with `from`. */
  async append(
    key: string,
    from: number | undefined,
    lines: readonly WireLogLine[],
    writer: LogWriter,
  ): Promise<AppendResult> {
    return this.reaching(async () => {
      const { ttlMs, maxLines, maxBytes } = this.limits;
      const chunks = toChunks(lines).flatMap(({ count, text }) => [count, text]);
      const answer = await appendScript.run(this.redis, keysOf(key), [
        from ?? '',
        lines.length,
        ttlMs,
        maxLines,
        maxBytes,
        channelOf(key),
        writer,
        ...chunks,
      ]);
      const [outcome, next] = answer as ['appended' | 'gap' | 'closed' | 'missing' | 'foreign' | 'overlap', string];
      const nextIndex = Number(next);
      if (outcome === 'missing' || outcome === 'foreign') return { kind: outcome };
      if (outcome === 'overlap' && from !== undefined)
        return this.append(key, nextIndex, lines.slice(nextIndex - from), writer);
      return { kind: outcome as 'appended' | 'gap' | 'closed', nextIndex };
    });
  }

  /** Takes no more lines and tells every tail. Safe to repeat. */
  async close(key: string, writer: LogWriter): Promise<'closed' | 'missing' | 'foreign'> {
    return this.reaching(
      async () =>
        (await closeScript.run(this.redis, [metaKey(key)], [channelOf(key), writer])) as
          | 'closed'
          | 'missing'
          | 'foreign',
    );
  }

  /** Lets the live lines of a closed log go, ten minutes from now. */
  async expireSoon(key: string): Promise<void> {
    await this.reaching(async () => {
      const pipeline = this.redis.pipeline();
      for (const name of keysOf(key)) pipeline.pexpire(name, CLOSED_TTL_MS);
      await pipeline.exec();
    });
  }

  async info(key: string): Promise<StreamInfo | undefined> {
    return this.reaching(async () =>
      infoOf(await this.redis.hmget(metaKey(key), 'state', 'next', 'first', 'org', 'project', 'writer')),
    );
  }

  /** Keys of live streams at or below a prefix that names one run. */
  async keysBelow(prefix: string): Promise<string[]> {
    return this.reaching(async () =>
      (await this.redis.smembers(runKey(prefix))).filter((key) => isBelow(key, prefix)).sort(),
    );
  }

  /**
   * Lines from index `from` on, about half a megabyte at most; fewer or none at the end. It starts later than `from` when older lines are gone.
   * Callers that ask for the same place at the same moment share one read: that is what keeps a hundred tails of one stream cheap.
   */
  read(key: string, from: number): Promise<StreamBatch | undefined> {
    const place = `${key} ${from}`;
    const known = this.reads.get(place);
    if (known) return known;
    const reading = this.reaching(() => this.readNow(key, from)).finally(() => this.reads.delete(place));
    this.reads.set(place, reading);
    return reading;
  }

  private async readNow(key: string, from: number): Promise<StreamBatch | undefined> {
    const [[metaError, meta], [linesError, found]] = (await this.redis
      .pipeline()
      .hmget(metaKey(key), 'state', 'next', 'first', 'org', 'project', 'writer')
      .xrange(linesKey(key), `${from + 1}-0`, '+', 'COUNT', READ_CHUNKS)
      .exec()) as [[Error | null, (string | null)[]], [Error | null, [string, string[]][]]];
    if (metaError ?? linesError) throw metaError ?? linesError;
    const info = infoOf(meta);
    if (!info) return undefined;
    const [head] = found;
    if (!head) return { info, firstIndex: from, lines: [] };
    const headIndex = Number.parseInt(head[0], 10) - Number(head[1][1]);
    const lines = found.flatMap(([, fields]) => (fields[3] ?? '').split('\n'));
    const skip = Math.max(0, from - headIndex);
    return { info, firstIndex: headIndex + skip, lines: skip === 0 ? lines : lines.slice(skip) };
  }

  private async reaching<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError(
        'UPSTREAM_UNAVAILABLE',
        `the store of live logs does not answer (${messageOf(cause)}); send the same request again`,
        {},
        { cause },
      );
    }
  }
}

/** Channel on which every change of a stream is told. */
export function channelOf(key: string): string {
  return `log:changed:${key}`;
}

function metaKey(key: string): string {
  return `log:{${key}}:meta`;
}

function linesKey(key: string): string {
  return `log:{${key}}:lines`;
}

function keysOf(key: string): [string, string] {
  return [metaKey(key), linesKey(key)];
}

/** Set of the stream keys of one run. */
function runKey(keyOrPrefix: string): string {
  return `log:run:${ownerOfLog(keyOrPrefix)?.base ?? keyOrPrefix}`;
}

function infoOf([state, next, first, org, project, writer]: readonly (string | null)[]): StreamInfo | undefined {
  if (!state) return undefined;
  return {
    isOpen: state === 'open',
    nextIndex: Number(next),
    firstIndex: Number(first),
    scope: { orgId: org || undefined, projectId: project || undefined },
    writer: writer ?? undefined,
  };
}
