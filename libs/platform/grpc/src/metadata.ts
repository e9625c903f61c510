import { Metadata } from '@grpc/grpc-js';

const TRACEPARENT = 'traceparent';

/** Metadata that joins the callee to the caller's trace, and whatever else the call carries (a service token). */
export function traceMetadata(traceparent?: string, extra: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(extra)) metadata.set(name, value);
  if (traceparent) metadata.set(TRACEPARENT, traceparent);
  return metadata;
}

/** W3C `traceparent` the caller sent, if any. */
export function traceparentOf(metadata: Metadata | undefined): string | undefined {
  const [value] = metadata?.get(TRACEPARENT) ?? [];
  return typeof value === 'string' ? value : undefined;
}
