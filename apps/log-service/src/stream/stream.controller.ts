import { Readable } from 'node:stream';
import { Controller, Inject } from '@nestjs/common';
import { Call, Route, requestSignal, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { NEXT_INDEX_HEADER, appendLines, closeStream, openStream, tailStream } from '@sluice/log-api';
import { mayRead, ownerFor } from '../access/log-access.js';
import { LogAuthenticator } from '../access/log-authenticator.js';
import { BLOB_STORE, type BlobStore } from '../blob/blob-store.js';
import { LIMITS, type ServiceLimits } from '../limits.js';
import { StreamService } from './stream.service.js';
import { StreamSignals } from './stream-signals.js';
import { StreamStore } from './stream-store.js';
import { tail } from './tail.js';
import { TailRegistry } from './tail-registry.js';

/** `/log-service/stream`: live lines. */
@Controller()
export class StreamController {
  constructor(
    private readonly authenticator: LogAuthenticator,
    private readonly service: StreamService,
    private readonly tails: TailRegistry,
    private readonly streams: StreamStore,
    private readonly signals: StreamSignals,
    @Inject(BLOB_STORE) private readonly blobs: BlobStore,
    @Inject(LIMITS) private readonly limits: ServiceLimits,
  ) {}

  @Route(openStream)
  async open(@Call() call: RouteCall<typeof openStream>): Promise<void> {
    await tellingNextIndex(call, async () =>
      this.service.open(await this.authenticator.authenticate(call.headers), call.query),
    );
  }

  @Route(appendLines)
  async append(@Call() call: RouteCall<typeof appendLines>): Promise<void> {
    await tellingNextIndex(call, async () =>
      this.service.append(await this.authenticator.authenticate(call.headers), call.query, call.query.from, call.body),
    );
  }

  @Route(closeStream)
  async close(@Call() call: RouteCall<typeof closeStream>): Promise<void> {
    const caller = await this.authenticator.authenticate(call.headers);
    await this.service.close(caller, call.query, {
      isPrefix: call.query.prefix ?? false,
      keepLines: call.query.snapshot ?? false,
    });
  }

  @Route(tailStream)
  async tail(@Call() call: RouteCall<typeof tailStream>): Promise<Readable> {
    const caller = await this.authenticator.authenticate(call.headers);
    const { key, accountID, from } = call.query;
    const owner = ownerFor(caller, key, accountID);
    const start = from ?? nextAfter(call.headers['last-event-id']);
    const known = await this.streams.info(key).catch(() => undefined);
    if (known && !mayRead(caller, key, known.scope))
      throw new AppError('ACCESS_DENIED', 'the caller lacks log.view for this log');
    const leave = this.tails.enter(owner.accountId);
    call.reply.raw.once('close', leave);
    void call.reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-cache, no-transform')
      .header('x-accel-buffering', 'no');
    const signal = AbortSignal.any([requestSignal(call.request, call.reply), this.tails.signal]);
    const sources = { streams: this.streams, signals: this.signals, blobs: this.blobs, limits: this.limits.tail };
    return Readable.from(tail({ key, from: start, mayRead: (scope) => mayRead(caller, key, scope), signal }, sources), {
      highWaterMark: 1,
    });
  }
}

/** The header goes out with errors as well: a writer that lost count reads there where to go on. */
async function tellingNextIndex(call: RouteCall, work: () => Promise<number>): Promise<void> {
  try {
    void call.reply.header(NEXT_INDEX_HEADER, String(await work()));
  } catch (cause) {
    if (cause instanceof AppError && typeof cause.details['nextIndex'] === 'number')
      void call.reply.header(NEXT_INDEX_HEADER, String(cause.details['nextIndex']));
    throw cause;
  }
}

function nextAfter(lastEventId: string | string[] | undefined): number {
  const last = typeof lastEventId === 'string' && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : -1;
  return last + 1;
}
