import { Inject, Injectable } from '@nestjs/common';
import { taskResult } from '@sluice/delegate-protocol';
import type { SecretsWanted, TaskEnded, TaskEvent } from '@sluice/delegate-rpc';
import { backoffMs, messageOf, newUuid, pause } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { failure, validationOf } from '../connector/connection-task.js';
import { ConnectorTestService } from '../connector/connector-test.service.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { SealingService } from '../secret/sealing.service.js';
import { DelegateServiceClient, ownContext } from './delegate-service-client.js';

export const LOGGER = Symbol('Logger');

const REASONS: Readonly<Record<Exclude<TaskEnded['outcome'], 'completed' | 'late'>, string>> = {
  notAcquired: 'no delegate took the test',
  leaseLost: 'the delegate that ran the test was lost',
  timedOut: 'the test took too long',
  aborted: 'the test was aborted',
};

/** Follows what becomes of the tasks this service submitted (connector tests), for as long as the service runs. */
@Injectable()
export class TaskEvents {
  private readonly stopped = new AbortController();
  private following: Promise<void> = Promise.resolve();

  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly tests: ConnectorTestService,
    private readonly sealing: SealingService,
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  start(): void {
    this.following = this.follow();
  }

  async stop(): Promise<void> {
    this.stopped.abort(new Error('the service is shutting down'));
    await this.following;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        for await (const event of this.delegates.tasks.stream({ ...ownContext(), signal }, 'Events', {})) {
          attempt = 0;
          await this.handle(event);
          await this.delegates.tasks.unary({ ...ownContext(), signal }, 'Acknowledge', { seqs: [event.seq] });
        }
      } catch (cause) {
        if (signal.aborted) return;
        if (attempt === 0) this.log.warn({ error: messageOf(cause) }, 'task events cannot be followed; retrying');
      }
      await pause(backoffMs(attempt, { baseMs: 200, maxMs: 5_000 }), signal).catch(() => undefined);
    }
  }

  /** Handling an event twice does no harm, and an event that cannot be handled must not stop those behind it. */
  private async handle(event: TaskEvent): Promise<void> {
    try {
      if (event.secretsWanted) await this.provideSecrets(event, event.secretsWanted);
      if (event.ended) await this.end(event, event.ended);
    } catch (cause) {
      this.log.error({ taskId: event.taskId, event: event.event, error: messageOf(cause) }, 'task event could not be handled');
    }
  }

  private async provideSecrets({ taskId, scope: { accountId }, traceparent }: TaskEvent, wanted: SecretsWanted): Promise<void> {
    const ctx = { ...ownContext(accountId), correlationId: newUuid(), traceparent: traceparent || undefined };
    const answer = await this.sealed(ctx, taskId, wanted).catch((cause: unknown) => ({ sealed: {}, error: messageOf(cause) }));
    await this.delegates.tasks.unary(ctx, 'ProvideSecrets', { taskId, epoch: wanted.epoch, ...answer });
  }

  private async sealed(ctx: ReturnType<typeof ownContext>, taskId: string, { expressions, epoch, delegateId, publicKey }: SecretsWanted): Promise<{ sealed: Record<string, string>; error: string }> {
    const test = await this.unitOfWork.read.connectorTests.find(ctx.accountId, taskId);
    if (!test) return { sealed: {}, error: 'the connector test is not known any more' };
    const foreign = expressions.find((expression) => !test.expressions.includes(expression));
    if (foreign) return { sealed: {}, error: `${foreign} is not part of this task` };
    return { sealed: await this.sealing.seal(test.askedBy ?? ctx, test.connector.scope, expressions, { taskId, epoch, delegateId, publicKey }), error: '' };
  }

  private async end({ taskId, scope: { accountId } }: TaskEvent, ended: TaskEnded): Promise<void> {
    const at = Date.now();
    const isAnswered = ended.outcome === 'completed' || ended.outcome === 'late';
    const result = isAnswered
      ? validationOf(taskResult.parse(JSON.parse(ended.resultJson)), at, ended.delegateId)
      : failure(at, ended.delegateId || null, ended.reason || REASONS[ended.outcome as keyof typeof REASONS]);
    await this.tests.finish(accountId, taskId, result);
  }
}
