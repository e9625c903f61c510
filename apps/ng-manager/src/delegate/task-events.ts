import { Inject, Injectable } from '@nestjs/common';
import { taskResult, type TaskResult } from '@sluice/delegate-protocol';
import { laneOf, type RpcScope, type SecretsWanted, type TaskEnded, type TaskEvent } from '@sluice/delegate-rpc';
import { AppError, messageOf, newUuid, type Scope } from '@sluice/kernel';
import type { ValidationResult } from '@sluice/ng-manager-api';
import { TaskEventConsumer, failureKindOf, type TaskEventHandler } from '@sluice/task-events';
import type { Logger, Metrics } from '@sluice/telemetry';
import { ChangelogLockService } from '../changelog-lock/changelog-lock.service.js';
import { lockOutcomeOf } from '../changelog-lock/lock-outcome.js';
import { failure, validationOf } from '../connector/connection-task.js';
import { ConnectorTestService } from '../connector/connector-test.service.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { SealingService } from '../secret/sealing.service.js';
import type { Asker } from '../secret/secret-values.js';
import { DelegateServiceClient, ownContext, scopeOfRpc } from './delegate-service-client.js';

export const LOGGER = Symbol('Logger');
export const METRICS = Symbol('Metrics');

interface SealedAnswer {
  readonly sealed: Record<string, string>;
  readonly error: string;
}

/** What a delegate serves that the delegate service does not know any more. */
const NOWHERE: RpcScope = { accountId: '', orgId: '', projectId: '' };
/** What a task is called in the reasons why it has no outcome. */
type TaskWord = 'test' | 'task';
const REASONS: Readonly<Record<Exclude<TaskEnded['outcome'], 'completed' | 'late'>, (task: TaskWord) => string>> = {
  notAcquired: (task) => `no delegate took the ${task}`,
  leaseLost: (task) => `the delegate that ran the ${task} was lost`,
  timedOut: (task) => `the ${task} took too long`,
  aborted: (task) => `the ${task} was aborted`,
};

/** Follows what becomes of the tasks this service submitted (connector tests and questions about change log locks), for as long as the service runs. Handling an event twice does no harm. */
@Injectable()
export class TaskEvents implements TaskEventHandler<TaskEvent> {
  private readonly consumer: TaskEventConsumer<TaskEvent>;

  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly tests: ConnectorTestService,
    private readonly locks: ChangelogLockService,
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
        setAside: async (seq, reason, attempts) =>
          void (await tasks.unary(ownContext(), 'SetAside', { seq, reason, attempts })),
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
    if (event.ended) return this.end(event, event.ended, endingOf);
    throw new AppError(
      'INVALID_REQUEST',
      `an event of kind "${event.event}" is not known to this version of NG manager`,
    );
  };

  /** The test ends as failed with the reason; a delegate that waits for secrets hears it. */
  readonly refuse = async (event: TaskEvent, reason: string): Promise<void> => {
    if (event.secretsWanted) return this.answerSecrets(event, event.secretsWanted, { sealed: {}, error: reason });
    if (event.ended)
      return this.end(event, event.ended, ({ delegateId }, task) => ({
        kind: 'failed',
        reason: `the outcome of the ${task} cannot be recorded: ${reason}`,
        delegateId,
      }));
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

  private async sealed(
    event: TaskEvent,
    { expressions, epoch, delegateId, publicKey }: SecretsWanted,
  ): Promise<SealedAnswer> {
    const { taskId } = event;
    const ctx = contextOf(event);
    const asked = await this.askedAt(ctx.accountId, taskId);
    if (!asked) return { sealed: {}, error: 'the connector test is not known any more' };
    const wanted = { scope: asked.scope, expressions, named: new Set(asked.expressions) };
    return {
      sealed: await this.sealing.seal(asked.askedBy ?? ctx, wanted, {
        taskId,
        epoch,
        delegateId,
        delegateScope: scopeOfRpc(event.delegateScope ?? NOWHERE),
        publicKey,
      }),
      error: '',
    };
  }

  /** The connector's scope, what its task may have sealed, and in whose name. */
  private async askedAt(
    accountId: string,
    taskId: string,
  ): Promise<
    { readonly scope: Scope; readonly expressions: readonly string[]; readonly askedBy: Asker | null } | undefined
  > {
    const { connectorTests, changelogLockTasks } = this.unitOfWork.read;
    const test = await connectorTests.find(accountId, taskId);
    return test ? { ...test, scope: test.connector.scope } : changelogLockTasks.find(accountId, taskId);
  }

  private async end(
    { taskId, scope: { accountId } }: TaskEvent,
    ended: TaskEnded,
    ending: (ended: TaskEnded, task: TaskWord) => Ending,
  ): Promise<void> {
    if (!(await this.unitOfWork.read.changelogLockTasks.find(accountId, taskId)))
      return this.tests.finish(accountId, taskId, validationAt(ending(ended, 'test')));
    const end = ending(ended, 'task');
    await this.locks.finish(
      accountId,
      taskId,
      end.kind === 'answered' ? lockOutcomeOf(end.result) : { status: 'failed', message: end.reason },
    );
  }
}

function contextOf({ scope, traceparent }: TaskEvent): ReturnType<typeof ownContext> {
  return { ...ownContext(scope.accountId), correlationId: newUuid(), traceparent: traceparent || undefined };
}

/** How a task ended: with what its delegate answered, or without. */
type Ending =
  | { readonly kind: 'answered'; readonly result: TaskResult; readonly delegateId: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly delegateId: string };

/** @throws SyntaxError or ZodError for a result nobody can read */
function endingOf({ outcome, resultJson, reason, delegateId }: TaskEnded, task: TaskWord): Ending {
  if (outcome === 'completed' || outcome === 'late')
    return { kind: 'answered', result: taskResult.parse(JSON.parse(resultJson)), delegateId };
  return { kind: 'failed', reason: reason || REASONS[outcome](task), delegateId };
}

function validationAt(ending: Ending): ValidationResult {
  return ending.kind === 'answered'
    ? validationOf(ending.result, Date.now(), ending.delegateId)
    : failure(Date.now(), ending.delegateId || null, ending.reason);
}
