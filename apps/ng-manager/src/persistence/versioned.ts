import type { RouteCall } from '@sluice/http';

/** What a client reads, with the version it may name in `If-Match` when it changes it. */
export interface Versioned<T> {
  readonly body: T;
  readonly version: number;
}

/** Writes the version into the `ETag` header and hands the rest on. */
export function withETag<T>(reply: RouteCall['reply'], { body, version }: Versioned<T>): T {
  void reply.header('etag', `"${version}"`);
  return body;
}
