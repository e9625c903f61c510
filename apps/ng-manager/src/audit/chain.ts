import { createHash } from 'node:crypto';
import type { AuditEventRecord } from '@sluice/api-conventions';

/** An event in its place in the chain of its account. */
export interface ChainedEvent extends AuditEventRecord {
  readonly position: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly module: string;
  /** Milliseconds since the epoch. */
  readonly recordedAt: number;
}

/** Where a chain ends: what the next event hangs on. */
export interface ChainHead {
  readonly position: number;
  readonly hash: string;
}

/** The end of a chain without events. */
export const NO_EVENTS: ChainHead = { position: 0, hash: '' };

/** Part of what is hashed, so that a later form can be told from this one. */
const FORMAT = 'sluice-audit/1';

/** The event as the next one behind `head`. */
export function chainEvent(
  head: ChainHead,
  event: AuditEventRecord,
  arrival: { readonly module: string; readonly recordedAt: number },
): ChainedEvent {
  const placed = { ...event, ...arrival, position: head.position + 1, prevHash: head.hash };
  return { ...placed, hash: hashOf(placed) };
}

/** Why an event does not follow `head`, or undefined when it does. */
export function breakOf(head: ChainHead, event: ChainedEvent): string | undefined {
  if (event.position !== head.position + 1) return `event ${head.position + 1} is missing`;
  if (event.prevHash !== head.hash)
    return `event ${event.position} does not follow event ${head.position}: that one, or this one, was changed`;
  if (event.hash !== hashOf(event)) return `event ${event.position} was changed after it was added`;
  return undefined;
}

/** SHA-256, in hexadecimal, over the canonical form of everything an event holds and of the hash in front. */
export function hashOf(event: Omit<ChainedEvent, 'hash'> & { readonly hash?: string }): string {
  const { hash: _, ...content } = event;
  return createHash('sha256')
    .update(canonicalJson({ format: FORMAT, ...content }))
    .digest('hex');
}

/** JSON with the keys of every object in order and nothing between tokens: the same value always gives the same text. Undefined is left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  fields.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
