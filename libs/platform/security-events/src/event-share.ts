import type { NotedSecurityEvent } from '@sluice/api-conventions';
import { hashOf } from './noted-event.js';

/** Different events of one key (or of who acts without one), account and minute that are told one by one. */
export const MOST_PER_KEY_AND_MINUTE = 60;
const MOST_KEYS = 10_000;
const MINUTE_MS = 60_000;

/**
 * Keeps who makes many different events from filling the table. Events that are alike are one row anyway; beyond its share, a key's further ones of a kind
 * are one row too, whose `count` says how many were not told one by one.
 */
export class EventShare {
  private minute = 0;
  private readonly told = new Map<string, Set<string>>();

  /** The event, or what stands for all those of its key and kind that are beyond the share of this minute. */
  of(noted: NotedSecurityEvent): NotedSecurityEvent {
    const { accountId, at, actor, origin } = noted.event;
    const minute = Math.floor(at / MINUTE_MS);
    if (minute > this.minute) {
      this.minute = minute;
      this.told.clear();
    }
    const key = JSON.stringify([accountId, origin?.keyId ?? `${actor.type} ${actor.id}`]);
    const known = this.told.get(key) ?? new Set<string>();
    if (known.has(noted.alike)) return noted;
    if (known.size >= MOST_PER_KEY_AND_MINUTE || (known.size === 0 && this.told.size >= MOST_KEYS))
      return beyondShare(noted, key);
    this.told.set(key, known.add(noted.alike));
    return noted;
  }
}

function beyondShare({ event }: NotedSecurityEvent, key: string): NotedSecurityEvent {
  const details = { notToldOneByOne: true, mostPerKeyAndMinute: MOST_PER_KEY_AND_MINUTE };
  return {
    event: { ...event, orgId: null, projectId: null, identifier: '', details },
    alike: hashOf(['beyond the share', event.kind, event.outcome, key]),
  };
}
