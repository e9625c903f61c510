import { DBOS, Error as DurableError } from '@dbos-inc/dbos-sdk';
import { AppError } from '@sluice/kernel';
import type { TaskEnd } from './task-end.js';

/** What a running workflow may be told. */
export type Message =
  | { readonly kind: 'taskEnded'; readonly taskId: string; readonly end: TaskEnd }
  | { readonly kind: 'lockGranted'; readonly holder: string }
  | { readonly kind: 'abort' };

const TOPIC = 'run';

/** Durable messages to workflows. A key makes a message arrive once however often it is sent. */
export class Messages {
  /** @throws AppError ENTITY_NOT_FOUND when there is no such workflow: nobody will ever hear the message */
  async send(workflowId: string, message: Message, key: string): Promise<void> {
    try {
      await DBOS.send(workflowId, message, TOPIC, key);
    } catch (cause) {
      if (cause instanceof DurableError.DBOSNonExistentWorkflowError)
        throw new AppError('ENTITY_NOT_FOUND', `there is no workflow ${workflowId}`, {}, { cause });
      throw cause;
    }
  }

  /** Only inside a workflow: the next message, or null at the deadline (milliseconds since the epoch). Woken by the database's NOTIFY. */
  receive(deadline: number): Promise<Message | null> {
    return DBOS.recv<Message>(TOPIC, { deadlineEpochMS: deadline });
  }
}
