import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { resolveUsableRefIn } from '@sluice/api-conventions';
import { secretExpressionsOf } from '@sluice/delegate-protocol';
import {
  AppError,
  formatScope,
  messageOf,
  newUuid,
  type RequestContext,
  type Scope,
  type ScopedRef,
} from '@sluice/kernel';
import type { ValidationResult } from '@sluice/ng-manager-api';
import { ANSWER_LIMITS, type AnswerLimits } from '../delegate/answer-limits.js';
import { AnswerWaits } from '../delegate/answer-waits.js';
import { DelegateServiceClient, rpcScope } from '../delegate/delegate-service-client.js';
import { KEY_PROVIDER, type KeyProvider } from '../encryption/key-provider.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { testNoted } from '../security-event/test-noted.js';
import {
  connectionTaskOf,
  failure,
  gitAccessToTest,
  statusAfter,
  success,
  type ConnectionTask,
  type TestedBody,
} from './connection-task.js';
import { refOfSecretExpression, secretRefsOf } from './connector-refs.js';
import { connectorBodyOf } from './connector-view.js';
import type { ConnectorRow } from './connector.repository.js';
import { SshKeys } from './ssh-keys.js';

/** Connector tests, done by a delegate: the control plane dials no customer network. */
@Injectable()
export class ConnectorTestService {
  private readonly waits = new AnswerWaits();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly delegates: DelegateServiceClient,
    private readonly sshKeys: SshKeys,
    @Inject(KEY_PROVIDER) private readonly keys: KeyProvider,
    @Inject(ANSWER_LIMITS) private readonly limits: AnswerLimits,
  ) {}

  /**
   * Asks a delegate to connect. A connection that cannot be made, or not be tried, is a result, not an error. A test sends secrets where the connector
   * says, so the caller needs the right to use each of them.
   * @param repoUrl of a Git connector: the repository to try instead of its own or its validation repository
   * @throws AppError RESOURCE_NOT_FOUND; INVALID_REQUEST for a repository the connector is not for; INVALID_IDENTIFIER_REF for a secret the caller may not use
   */
  async test(ctx: RequestContext, ref: ScopedRef, repoUrl?: string): Promise<ValidationResult> {
    const row = await this.unitOfWork.read.connectors.find(ref);
    if (!row)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `there is no connector "${ref.identifier}" in ${formatScope(ref.scope)}`,
      );
    const body = connectorBodyOf(row);
    if (body.type === 'Local') return this.keep(ref, await this.testKeys(ref.scope.accountId));
    await this.requireUsable(ctx, ref, secretRefsOf(body));
    const task = await this.taskOf(ctx, row, body, ref.scope, repoUrl).catch((cause: unknown) => reasonNotToTry(cause));
    if ('status' in task) return this.keep(ref, task);
    // An SSH key is made of further secrets.
    await this.requireUsable(
      ctx,
      ref,
      secretExpressionsOf(task.payload).map((expression) => ({
        field: 'connector.spec',
        ref: refOfSecretExpression(expression),
      })),
    );
    return this.byDelegate(ctx, ref, task);
  }

  /** A refusal is a security event. @throws AppError INVALID_IDENTIFIER_REF */
  private async requireUsable(
    ctx: RequestContext,
    tested: ScopedRef,
    secrets: readonly { readonly field: string; readonly ref: string }[],
  ): Promise<void> {
    try {
      for (const { field, ref } of secrets) resolveUsableRefIn(ctx, 'secret', field, ref, tested.scope);
    } catch (cause) {
      await this.unitOfWork.run((stores) =>
        stores.securityEvents.add(
          testNoted(
            ctx,
            'connectorTest',
            'refused',
            tested,
            secrets.map(({ ref }) => ref),
          ),
        ),
      );
      throw cause;
    }
  }

  private async taskOf(
    ctx: RequestContext,
    { identifier }: ConnectorRow,
    body: TestedBody,
    scope: Scope,
    repoUrl: string | undefined,
  ): Promise<ConnectionTask> {
    switch (body.type) {
      case 'Git':
      case 'Github':
      case 'Gitlab':
      case 'Bitbucket': {
        const access = gitAccessToTest(identifier, body, repoUrl);
        return connectionTaskOf(identifier, body, { access, sshKey: await this.sshKeys.of(ctx, access, scope) });
      }
      default:
        if (repoUrl)
          throw new AppError(
            'INVALID_REQUEST',
            `connector "${identifier}" is of type ${body.type}; only Git connectors have repositories`,
          );
        return connectionTaskOf(identifier, body);
    }
  }

  /** The built-in secret manager works when a key can be sealed and opened again. No delegate is needed for that. */
  private async testKeys(accountId: string): Promise<ValidationResult> {
    try {
      const probe = randomBytes(32);
      const opened = await this.keys.unwrap(accountId, await this.keys.wrap(accountId, probe));
      return opened.equals(probe)
        ? success(Date.now(), null)
        : failure(Date.now(), null, 'the key-encryption key opens to something else than was sealed', 'Unknown');
    } catch (cause) {
      return failure(Date.now(), null, `the key-encryption key cannot be used: ${messageOf(cause)}`, 'Unknown');
    }
  }

  /** The outcome of a test that needed no task. */
  private async keep(ref: ScopedRef, result: ValidationResult): Promise<ValidationResult> {
    await this.unitOfWork.run(async (stores) => {
      const row = await stores.connectors.find(ref, { lock: 'update' });
      if (row) await stores.connectors.saveStatus(ref, statusAfter(row.status, result));
    });
    return result;
  }

  private async byDelegate(
    ctx: RequestContext,
    ref: ScopedRef,
    { payload, selectors }: ConnectionTask,
  ): Promise<ValidationResult> {
    const taskId = newUuid();
    const { principal, correlationId, origin, requestMethod } = ctx;
    const askedBy = { principal, correlationId, origin, requestMethod };
    const expressions = secretExpressionsOf(payload);
    await this.unitOfWork.run(async (stores) => {
      await stores.connectorTests.insert({ taskId, connector: ref, expressions, askedBy });
      await stores.securityEvents.add(
        testNoted(ctx, 'connectorTest', 'allowed', ref, expressions.map(refOfSecretExpression)),
      );
    });
    try {
      await this.delegates.tasks.unary(ctx, 'Submit', {
        taskId,
        scope: rpcScope(ref.scope),
        payloadJson: JSON.stringify(payload),
        selectors: [...selectors],
        boundDelegateId: '',
        queueTimeoutMs: this.limits.queueMs,
        runTimeoutMs: this.limits.runMs,
        description: `test of connector ${ref.identifier}`,
        traceparent: ctx.traceparent ?? '',
      });
    } catch (cause) {
      await this.finish(ref.scope.accountId, taskId, failure(Date.now(), null, messageOf(cause)));
    }
    return this.wait(ctx, ref, taskId);
  }

  /** Stores the outcome and wakes whoever waits for it. Only the first outcome of a test counts. */
  async finish(accountId: string, taskId: string, result: ValidationResult): Promise<void> {
    await this.unitOfWork.run(async (stores) => {
      const test = await stores.connectorTests.find(accountId, taskId);
      if (!test || !(await stores.connectorTests.end(accountId, taskId, result))) return;
      const row = await stores.connectors.find(test.connector, { lock: 'update' });
      if (row) await stores.connectors.saveStatus(test.connector, statusAfter(row.status, result));
    });
    this.waits.wake(taskId);
  }

  private async wait(
    ctx: RequestContext,
    { scope: { accountId } }: ScopedRef,
    taskId: string,
  ): Promise<ValidationResult> {
    const look = async () => (await this.unitOfWork.read.connectorTests.find(accountId, taskId))?.result;
    const answered = await this.waits.until(taskId, look, this.limits.waitMs, ctx.signal);
    if (answered) return answered;
    const result = failure(
      Date.now(),
      null,
      `no delegate finished the test within ${this.limits.waitMs / 1000} s`,
      'Timeout',
    );
    await this.finish(accountId, taskId, result);
    await this.delegates.tasks.unary(ctx, 'Abort', { taskId, accountId }).catch(() => undefined);
    return result;
  }
}

/** Reasons that lie in the connector itself: nothing was tried, so nothing succeeded. */
const REASONS = ['NOT_IMPLEMENTED', 'INVALID_REQUEST', 'INVALID_IDENTIFIER_REF', 'SECRET_NOT_FOUND'];

function reasonNotToTry(cause: unknown): ValidationResult {
  if (!(cause instanceof AppError) || !REASONS.includes(cause.code)) throw cause;
  if (cause.details.fields?.some(({ field }) => field === 'repoURL')) throw cause;
  return failure(Date.now(), null, cause.message, 'Not tested');
}
