import type { TaskEvent } from '@sluice/delegate-rpc';
import { laneKey } from './task-event.repository.js';

/** How much of one account and lane may be on its way on one stream at once. One event always may, however large. */
const WINDOW = { events: 64, bytes: 32 * 1024 * 1024 } as const;

interface Sent {
  readonly at: number;
  readonly lane: string;
  readonly bytes: number;
}

interface Lane {
  events: number;
  bytes: number;
}

/** What one stream has sent and has not heard of. An account whose events are not handled fills its own window, never the stream. */
export class SentEvents {
  private readonly sent = new Map<number, Sent>();
  private readonly lanes = new Map<string, Lane>();

  hasRoomFor(event: TaskEvent): boolean {
    return !this.sent.has(event.seq) && !isFull(this.lanes.get(laneKey(event)));
  }

  /** @param at milliseconds since the epoch */
  add(event: TaskEvent, at: number): void {
    const key = laneKey(event);
    const bytes = event.ended?.resultJson.length ?? 0;
    const lane = this.lanes.get(key) ?? { events: 0, bytes: 0 };
    this.lanes.set(key, lane);
    lane.events += 1;
    lane.bytes += bytes;
    this.sent.set(event.seq, { at, lane: key, bytes });
  }

  forget(seqs: readonly number[]): void {
    for (const seq of seqs) this.drop(seq);
  }

  forgetBefore(at: number): void {
    for (const [seq, sent] of this.sent) if (sent.at <= at) this.drop(seq);
  }

  seqs(): number[] {
    return [...this.sent.keys()];
  }

  /** As `laneKey` names them. */
  fullLanes(): string[] {
    return [...this.lanes].filter(([, lane]) => isFull(lane)).map(([key]) => key);
  }

  private drop(seq: number): void {
    const sent = this.sent.get(seq);
    const lane = sent && this.lanes.get(sent.lane);
    if (!sent || !lane) return;
    this.sent.delete(seq);
    lane.events -= 1;
    lane.bytes -= sent.bytes;
    if (lane.events === 0) this.lanes.delete(sent.lane);
  }
}

function isFull(lane: Lane | undefined): boolean {
  return lane !== undefined && (lane.events >= WINDOW.events || lane.bytes >= WINDOW.bytes);
}
