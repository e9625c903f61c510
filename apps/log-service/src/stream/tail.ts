import { messageOf } from '@sluice/kernel';
import type { BlobStore } from '../blob/blob-store.js';
import type { TailLimits } from '../config.js';
import type { LogScope } from '../access/log-access.js';
import { droppedMark, frame, withIndex } from './log-lines.js';
import { blobFrames } from './tail-blob.js';
import type { StreamSignals } from './stream-signals.js';
import type { StreamBatch, StreamStore } from './stream-store.js';

export interface TailRequest {
  readonly key: string;
  /** Index of the first line wanted. */
  readonly from: number;
  /** Asked as soon as the log is known, since the right to read depends on what it was opened with. */
  readonly mayRead: (scope: LogScope) => boolean;
  readonly signal: AbortSignal;
}

export interface TailSources {
  readonly streams: Pick<StreamStore, 'read'>;
  readonly signals: Pick<StreamSignals, 'watch'>;
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly limits: TailLimits;
}

const PING = ': ping\n\n';
const END = 'event: error\ndata: eof\n\n';
const DENIED = 'event: error\ndata: access denied\n\n';

/**
 * Server-sent events of one log, as fast as the reader takes them. Ends with {@link END} when the log is complete, without it when the
 * time is up or the reader is gone: the client then resumes with the id of its last event.
 */
export async function* tail(request: TailRequest, sources: TailSources): AsyncGenerator<string> {
  const { limits } = sources;
  const started = Date.now();
  const watch = sources.signals.watch(request.key);
  const stop = (): void => watch.notify();
  request.signal.addEventListener('abort', stop, { once: true });
  let position = request.from;
  let seenAt = started;
  let sentAt = started;
  try {
    yield PING;
    while (!request.signal.aborted && Date.now() - started < limits.maxMs) {
      const found = await look(request, position, sources);
      if (found.kind === 'denied') return yield DENIED;
      if (found.kind === 'ended') return yield END;
      if (found.kind === 'stored') {
        yield* found.frames;
        return yield END;
      }
      if (found.kind !== 'absent') seenAt = Date.now();
      else if (Date.now() - seenAt > limits.openWaitMs) return yield END;
      if (found.kind === 'lines') {
        position = found.next;
        sentAt = Date.now();
        yield found.frames;
        continue;
      }
      await watch.changed();
      if (Date.now() - sentAt < limits.pingMs) continue;
      sentAt = Date.now();
      yield found.kind === 'unreachable' ? `: ${found.why}\n\n` : PING;
    }
  } finally {
    request.signal.removeEventListener('abort', stop);
    watch.close();
  }
}

type Look =
  | { readonly kind: 'lines'; readonly frames: string; readonly next: number }
  | { readonly kind: 'stored'; readonly frames: AsyncGenerator<string> }
  | { readonly kind: 'idle' | 'ended' | 'absent' | 'denied' }
  | { readonly kind: 'unreachable'; readonly why: string };

async function look(request: TailRequest, position: number, { streams, blobs }: TailSources): Promise<Look> {
  let batch: StreamBatch | undefined;
  try {
    batch = await streams.read(request.key, position);
  } catch (cause) {
    return { kind: 'unreachable', why: messageOf(cause).replaceAll(/\s+/g, ' ') };
  }
  if (batch && !request.mayRead(batch.info.scope)) return { kind: 'denied' };
  if (batch && isInRedis(batch, position)) return live(batch, position);
  const blob = await blobs.open(request.key);
  if (!blob) return batch ? live(batch, position) : { kind: 'absent' };
  if (request.mayRead(blob.info.scope)) return { kind: 'stored', frames: blobFrames(blob.stream, position) };
  blob.stream.destroy();
  return { kind: 'denied' };
}

/** False when lines the tail needs are no longer kept live, and the log is complete, so that a stored one may have them. */
function isInRedis({ info, lines }: StreamBatch, position: number): boolean {
  if (info.isOpen) return true;
  return position >= info.firstIndex && (lines.length > 0 || position >= info.nextIndex);
}

function live(batch: StreamBatch, position: number): Look {
  if (batch.lines.length === 0) return { kind: batch.info.isOpen ? 'idle' : 'ended' };
  return { kind: 'lines', frames: framesOf(batch, position), next: batch.firstIndex + batch.lines.length };
}

const rendered = new WeakMap<StreamBatch, string>();

/** Rendered once per batch: tails of one stream at the same place get the same batch. */
function framesOf(batch: StreamBatch, position: number): string {
  const known = rendered.get(batch);
  const frames =
    known ??
    batch.lines.map((line, at) => frame(withIndex(line, batch.firstIndex + at), batch.firstIndex + at)).join('');
  if (known === undefined) rendered.set(batch, frames);
  const missing = batch.firstIndex - position;
  return missing > 0 ? `${frame(droppedMark(missing, batch.firstIndex - 1), batch.firstIndex - 1)}${frames}` : frames;
}
