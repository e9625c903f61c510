import { Inject, Injectable } from '@nestjs/common';
import { taskResult } from '@sluice/delegate-protocol';
import { laneOf, type RpcScope, type SecretsWanted, type TaskEnded, type TaskEvent } from '@sluice/delegate-rpc';
import { AppError, messageOf, newUuid } from '@sluice/kernel';
import type { ValidationResult } from '@sluice/ng-manager-api';
import { TaskEventConsumer, failureKindOf, type TaskEventHandler } from '@sluice/task-events';
import type { Logger, Metrics } from '@sluice/telemetry';
import { failure, validationOf } from '../connector/connection-task.js';
import { ConnectorTestService } from '../connector/connector-test.service.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { SealingService } from '../secret/sealing.service.js';
import { DelegateServiceClient, ownContext, scopeOfRpc } from './delegate-service-client.js';

export const LOGGER = Symbol('Logger');
export const METRICS = Symbol('Metrics');

interface SealedAnswer {
  readonly sealed: Record<string, string>;
  readonly error: string;
}

/** What a delegate serves that the delegate service does not know any more. */
const NOWHERE: RpcScope = { accountId: '', orgId: '', projectId: '' };
const REASONS: Readonly<Record<Exclude<TaskEnded['outcome'], 'completed' | 'late'>, string>> = {
  notAcquired: 'no delegate took the test',
  leaseLost: 'the delegate that ran the test was lost',
  timedOut: 'the test took too long',
  aborted: 'the test was aborted',
};

/** Follows what becomes of the tasks this service submitted (connector tests), for as long as the service runs. Handling an event twice does no harm. */
@Injectable()
export class TaskEvents implements TaskEventHandler<TaskEvent> {
  private readonly consumer: TaskEventConsumer<TaskEvent>;

  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly tests: ConnectorTestService,
    private readonly sealing: SealingService,
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) log: Logger,
    @Inject(METRICS) metrics: Metrics,
  ) {
    const { tasks } = delegates;
    this.consumer = new TaskEventConsumer<TaskEvent>({
      source: {
        events: (signal) => tasks.stream({ ...ownContext(), signal }, 'Events', {}),
        acknowledge: async (seq) => void (await tasks.unary(ownContext(), 'Acknowledge', { seqs: [seq] })),
        setAside: async (seq, reason, attempts) => void (await tasks.unary(ownContext(), 'SetAside', { seq, reason, attempts })),
      },
      handler: this,
      laneOf,
      log,
      metrics,
    });
  }

  start(): void {
    this.consumer.start();
  }

  async stop(): Promise<void> {
    await this.consumer.stop();
  }

  readonly handle = async (event: TaskEvent): Promise<void> => {
    if (event.acquired) return;
    if (event.secretsWanted) return this.provideSecrets(event, event.secretsWanted);
    if (event.ended) return this.end(event, resultOf(event.ended));
    throw new AppError('INVALID_REQUEST', `an event of kind "${event.event}" is not known to this version of NG manager`);
  };

  /** The test ends as failed with the reason; a delegate that waits for secrets hears it. */
  readonly refuse = async (event: TaskEvent, reason: string): Promise<void> => {
    if (event.secretsWanted) return this.answerSecrets(event, event.secretsWanted, { sealed: {}, error: reason });
    if (event.ended) return this.end(event, failure(Date.now(), event.ended.delegateId || null, `the outcome of the test cannot be recorded: ${reason}`));
  };

  /** Only a definite answer is handed on as the reason why there are no values. */
  private async provideSecrets(event: TaskEvent, wanted: SecretsWanted): Promise<void> {
    const answer = await this.sealed(event, wanted).catch((cause: unknown) => {
      if (failureKindOf(cause) !== 'final') throw cause;
      return { sealed: {}, error: messageOf(cause) };
    });
    await this.answerSecrets(event, wanted, answer);
  }

  private async answerSecrets(event: TaskEvent, { epoch }: SecretsWanted, answer: SealedAnswer): Promise<void> {
    await this.delegates.tasks.unary(contextOf(event), 'ProvideSecrets', { taskId: event.taskId, epoch, ...answer });
  }

  private async sealed(event: TaskEvent, { expressions, epoch, delegateId, publicKey }: SecretsWanted): Promise<SealedAnswer> {
    const { taskId } = event;
    const ctx = contextOf(event);
    const test = await this.unitOfWork.read.connectorTests.find(ctx.accountId, taskId);
    if (!test) return { sealed: {}, error: 'the connector test is not known any more' };
    const wanted = { scope: test.connector.scope, expressions, named: new Set(test.expressions) };
    return { sealed: await this.sealing.seal(test.askedBy ?? ctx, wanted, { taskId, epoch, delegateId, delegateScope: scopeOfRpc(event.delegateScope ?? NOWHERE), publicKey }), error: '' };
  }

  private async end({ taskId, scope: { accountId } }: TaskEvent, result: ValidationResult): Promise<void> {
    await this.tests.finish(accountId, taskId, result);
  }
}

function contextOf({ scope, traceparent }: TaskEvent): ReturnType<typeof ownContext> {
  return { ...ownContext(scope.accountId), correlationId: newUuid(), traceparent: traceparent || undefined };
}

/** @throws SyntaxError or ZodError for a result nobody can read */
function resultOf(ended: TaskEnded): ValidationResult {
  const at = Date.now();
  if (ended.outcome === 'completed' || ended.outcome === 'late') return validationOf(taskResult.parse(JSON.parse(ended.resultJson)), at, ended.delegateId);
  return failure(at, ended.delegateId || null, ended.reason || REASONS[ended.outcome]);
}
