import { Injectable } from '@nestjs/common';
import { secretExpressionsOf } from '@sluice/delegate-protocol';
import { AppError, formatScope, messageOf, newUuid, pause, type RequestContext, type ScopedRef } from '@sluice/kernel';
import type { ValidationResult } from '@sluice/ng-manager-api';
import { DelegateServiceClient, rpcScope } from '../delegate/delegate-service-client.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { connectionTaskOf, failure, statusAfter, success } from './connection-task.js';
import { connectorBodyOf } from './connector-view.js';

/** Clients give up after 30 s; the answer is there before. */
const WAIT_MS = 25_000;
const QUEUE_MS = 10_000;
const RUN_MS = 20_000;
const LOOK_AGAIN_MS = 1_000;

/** Connector tests, done by a delegate: the control plane dials no customer network. */
@Injectable()
export class ConnectorTestService {
  private readonly waiting = new Map<string, () => void>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly delegates: DelegateServiceClient,
  ) {}

  /**
   * Asks a delegate to connect. A connection that cannot be made is a result, not an error.
   * @throws AppError RESOURCE_NOT_FOUND, NOT_IMPLEMENTED for types that cannot be tested yet
   */
  async test(ctx: RequestContext, ref: ScopedRef, repo?: string): Promise<ValidationResult> {
    const row = await this.unitOfWork.read.connectors.find(ref);
    if (!row) throw new AppError('RESOURCE_NOT_FOUND', `there is no connector "${ref.identifier}" in ${formatScope(ref.scope)}`);
    if (row.type === 'Local') return success(Date.now(), null);
    const { payload, selectors } = connectionTaskOf(row.identifier, connectorBodyOf(row), repo);
    const taskId = newUuid();
    await this.unitOfWork.run((stores) => stores.connectorTests.insert({ taskId, connector: ref, expressions: secretExpressionsOf(payload) }));
    try {
      await this.delegates.tasks.unary(ctx, 'Submit', {
        taskId,
        scope: rpcScope(ref.scope),
        payloadJson: JSON.stringify(payload),
        selectors: [...selectors],
        boundDelegateId: '',
        queueTimeoutMs: QUEUE_MS,
        runTimeoutMs: RUN_MS,
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
    this.waiting.get(taskId)?.();
  }

  /** Another replica may get the event, so the table is looked at too. */
  private async wait(ctx: RequestContext, { scope: { accountId } }: ScopedRef, taskId: string): Promise<ValidationResult> {
    const until = Date.now() + WAIT_MS;
    try {
      while (Date.now() < until) {
        const woken = new Promise<void>((resolve) => this.waiting.set(taskId, resolve));
        const { result } = (await this.unitOfWork.read.connectorTests.find(accountId, taskId)) ?? {};
        if (result) return result;
        const stop = new AbortController();
        await Promise.race([woken, pause(LOOK_AGAIN_MS, AbortSignal.any([ctx.signal, stop.signal]))]).finally(() => stop.abort());
      }
    } finally {
      this.waiting.delete(taskId);
    }
    const result = failure(Date.now(), null, `no delegate finished the test within ${WAIT_MS / 1000} s`, 'Timeout');
    await this.finish(accountId, taskId, result);
    await this.delegates.tasks.unary(ctx, 'Abort', { taskId, accountId }).catch(() => undefined);
    return result;
  }
}
