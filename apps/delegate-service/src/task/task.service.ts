import { Inject, Injectable } from '@nestjs/common';
import { explainSelection } from '@sluice/delegate-selection';
import { secretExpressionsOf, taskPayload, type TaskPayload } from '@sluice/delegate-protocol';
import type { AbortReply } from '@sluice/delegate-rpc';
import { AppError, formatScope, messageOf, scopeColumns, type Scope } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { DataSource } from 'typeorm';
import { CONFIG, LOG, type DelegateServiceConfig } from '../config.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { TaskOfferService } from './task-offer.service.js';
import { requirementOf, type NewTask, type QueuedTaskRow } from './task.js';
import { TaskRepository } from './task.repository.js';

export interface Submission {
  readonly taskId: string;
  readonly scope: Scope;
  readonly consumer: string;
  readonly payloadJson: string;
  readonly selectors: readonly string[];
  readonly boundDelegateId: string | null;
  readonly queueTimeoutMs: number;
  readonly runTimeoutMs: number;
  readonly description: string;
  readonly traceparent: string;
}

const TASK_ID = /^[\w:.-]{1,200}$/;
const MAX_TIMEOUT_MS = 7 * 24 * 3_600_000;

/** What submitters may do with tasks. */
@Injectable()
export class TaskService {
  constructor(
    private readonly tasks: TaskRepository,
    private readonly offers: TaskOfferService,
    private readonly bus: NotificationBus,
    private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /**
   * Stores a task and offers it. Safe to repeat with the same payload.
   * @throws AppError UNAVAILABLE_DELEGATES with the reason per delegate when none could ever run it; DUPLICATE_FIELD for a known id with another payload;
   * INVALID_REQUEST for an id that was aborted before it was submitted
   */
  async submit(submission: Submission): Promise<{ readonly isKnown: boolean }> {
    const task = newTaskOf(submission);
    const row = queuedRowOf(task);
    const selection = await this.offers.select(row);
    if (selection.verdict === 'impossible' && !(await this.isKnown(task))) {
      throw new AppError('UNAVAILABLE_DELEGATES', explainSelection(selection, requirementOf(row)), { taskId: task.id });
    }
    const outcome = await this.tasks.insert(task, this.config.reofferMs);
    if (outcome === 'different')
      throw new AppError('DUPLICATE_FIELD', `task_id: a task "${task.id}" with another payload exists already`);
    if (outcome === 'withdrawn')
      throw new AppError(
        'INVALID_REQUEST',
        `task_id: "${task.id}" was aborted before its task arrived, so the task is not run; submit the work under another id`,
        { taskId: task.id },
      );
    if (outcome === 'same') return { isKnown: true };
    this.log.info(
      {
        taskId: task.id,
        kind: task.payload.kind,
        scope: formatScope(task.scope),
        eligible: selection.eligible.length,
        description: task.description,
      },
      'task queued',
    );
    await this.offers.tell(row, selection);
    return { isKnown: false };
  }

  /** Safe to repeat. @returns `UNKNOWN` for a task that has not been submitted; a submission of it from now on is refused */
  async abort(accountId: string, consumer: string, taskId: string): Promise<AbortReply> {
    // No task can have such an id.
    if (!TASK_ID.test(taskId)) return { state: 'UNKNOWN', isWithdrawn: true };
    const { state, delegateId, epoch } = await this.tasks.abort(accountId, consumer, taskId, this.config);
    this.log.info({ taskId, state }, 'abort requested');
    if (state === 'ENDED') this.bus.tellLocal({ type: 'events', consumer });
    if (delegateId !== undefined && epoch !== undefined)
      await this.bus.publish({ type: 'abort', taskId, epoch, delegateId });
    return state === 'UNKNOWN' ? { state, isWithdrawn: true } : { state };
  }

  private async isKnown(task: NewTask): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(`SELECT 1 FROM tasks WHERE id = $1 AND account_id = $2`, [
      task.id,
      task.scope.accountId,
    ]);
    return rows.length > 0;
  }
}

function newTaskOf(submission: Submission): NewTask {
  if (!TASK_ID.test(submission.taskId))
    throw new AppError(
      'INVALID_REQUEST',
      `task_id: "${submission.taskId.slice(0, 50)}" must be 1 to 200 letters, digits, "_", ":", "." or "-"`,
    );
  for (const [name, value] of [
    ['queue_timeout_ms', submission.queueTimeoutMs],
    ['run_timeout_ms', submission.runTimeoutMs],
  ] as const) {
    if (value < 1 || value > MAX_TIMEOUT_MS)
      throw new AppError('INVALID_REQUEST', `${name}: ${value} is not within 1 and ${MAX_TIMEOUT_MS} milliseconds`);
  }
  const payload = payloadOf(submission.payloadJson);
  return {
    id: submission.taskId,
    scope: submission.scope,
    consumer: submission.consumer,
    payload,
    secretExpressions: secretExpressionsOf(payload),
    selectors: submission.selectors,
    description: submission.description.slice(0, 500),
    traceparent: submission.traceparent,
    boundDelegateId: submission.boundDelegateId,
    queueTimeoutMs: submission.queueTimeoutMs,
    runTimeoutMs: submission.runTimeoutMs,
  };
}

function payloadOf(json: string): TaskPayload {
  // PostgreSQL's jsonb has no NUL character.
  if (json.includes('\\u0000'))
    throw new AppError('INVALID_REQUEST', 'payload_json: holds the character U+0000; remove it');
  try {
    const parsed = taskPayload.safeParse(JSON.parse(json));
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new AppError('INVALID_REQUEST', `payload_json: ${problems.join('; ')}`);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('INVALID_REQUEST', `payload_json: is not JSON: ${messageOf(cause)}`);
  }
}

function queuedRowOf(task: NewTask): QueuedTaskRow {
  const { accountId, orgId, projectId } = scopeColumns(task.scope);
  return {
    id: task.id,
    account_id: accountId,
    org_id: orgId,
    project_id: projectId,
    kind: task.payload.kind,
    consumer: task.consumer,
    selectors: task.selectors,
    bound_delegate_id: task.boundDelegateId,
    secret_expressions: task.secretExpressions,
  };
}
