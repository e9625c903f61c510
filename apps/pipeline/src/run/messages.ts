import { DBOS } from '@dbos-inc/dbos-sdk';
import type { TaskEnd } from './task-end.js';

/** What a running workflow may be told. */
export type Message =
  | { readonly kind: 'taskEnded'; readonly taskId: string; readonly end: TaskEnd }
  | { readonly kind: 'lockGranted'; readonly holder: string }
  | { readonly kind: 'abort' };

const TOPIC = 'run';

/** Durable messages to workflows. A key makes a message arrive once however often it is sent. */
export class Messages {
  /** @throws Error when there is no such workflow */
  async send(workflowId: string, message: Message, key: string): Promise<void> {
    await DBOS.send(workflowId, message, TOPIC, key);
  }

  /** Only inside a workflow: the next message, or null at the deadline (milliseconds since the epoch). Woken by the database's NOTIFY. */
  receive(deadline: number): Promise<Message | null> {
    return DBOS.recv<Message>(TOPIC, { deadlineEpochMS: deadline });
  }
}
