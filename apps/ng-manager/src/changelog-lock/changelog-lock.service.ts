import { Inject, Injectable } from '@nestjs/common';
import { resolveUsableRefIn } from '@sluice/api-conventions';
import { checkDatabaseUrl } from '@sluice/db-migration';
import { secretExpressionsOf, type ChangelogLockAnswer } from '@sluice/delegate-protocol';
import {
  AppError,
  messageOf,
  newUuid,
  projectScope,
  type ProjectScope,
  type RequestContext,
  type Scope,
} from '@sluice/kernel';
import { secretRefsOf } from '../connector/connector-refs.js';
import { jdbcTaskOf, type ConnectionTask } from '../connector/connection-task.js';
import { connectorBodyOf } from '../connector/connector-view.js';
import { ConnectorService } from '../connector/connector.service.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { ANSWER_LIMITS, type AnswerLimits } from '../delegate/answer-limits.js';
import { AnswerWaits } from '../delegate/answer-waits.js';
import { DelegateServiceClient, rpcScope } from '../delegate/delegate-service-client.js';
import { scopeOfRow } from '../persistence/scoped.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import type { LockOutcome, LockQuestion } from './lock-outcome.js';

/** Looks at change log locks and frees them, by a delegate: the control plane dials no customer network. */
@Injectable()
export class ChangelogLockService {
  private readonly waits = new AnswerWaits();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly delegates: DelegateServiceClient,
    private readonly dbdevops: DbDevopsClient,
    private readonly connectors: ConnectorService,
    private readonly projects: ProjectService,
    @Inject(ANSWER_LIMITS) private readonly limits: AnswerLimits,
  ) {}

  /**
   * The caller needs the right to use the instance's connector and its secrets, as for a test of it.
   * @throws AppError RESOURCE_NOT_FOUND, INVALID_IDENTIFIER_REF, INVALID_REQUEST for a Flyway schema, NOT_IMPLEMENTED with the SQL to use instead, UPSTREAM_UNAVAILABLE
   */
  async ask(ctx: RequestContext, question: LockQuestion): Promise<ChangelogLockAnswer> {
    const project = projectScope(ctx.accountId, question.orgId, question.projectId);
    await this.projects.requireScope(project);
    const { task, scope } = await this.taskOf(ctx, project, question);
    const outcome = await this.byDelegate(ctx, scope, task, question);
    if (outcome.status === 'answered') return outcome;
    throw new AppError(
      'UPSTREAM_UNAVAILABLE',
      `the change log lock of DB instance "${question.dbInstance}" ${question.release ? 'was not freed as far as is known' : 'could not be looked at'}: ${outcome.message}`,
    );
  }

  /** Stores the outcome, with its audit event when the lock was to be freed, and wakes whoever waits for it. Only the first outcome counts. */
  async finish(accountId: string, taskId: string, outcome: LockOutcome): Promise<void> {
    await this.unitOfWork.run(async (stores) => {
      const task = await stores.changelogLockTasks.find(accountId, taskId);
      if (!task || !(await stores.changelogLockTasks.end(accountId, taskId, outcome))) return;
      const { orgId, projectId, dbSchema, dbInstance, release } = task.question;
      if (!release) return;
      const became =
        outcome.status === 'answered' ? { outcome: outcome.release } : { outcome: 'failed', reason: outcome.message };
      await stores.audit.append(task.askedBy, {
        action: 'update',
        resourceType: 'changelogLock',
        identifier: `${dbSchema}/${dbInstance}`,
        scope: projectScope(accountId, orgId, projectId),
        details: { ...release, ...became },
      });
    });
    this.waits.wake(taskId);
  }

  private async taskOf(
    ctx: RequestContext,
    project: ProjectScope,
    { orgId, projectId, dbSchema, dbInstance, release }: LockQuestion,
  ): Promise<{ readonly task: ConnectionTask; readonly scope: Scope }> {
    const { pairs } = await this.dbdevops.stepInputs(ctx, { orgId, projectId, pairs: [{ dbSchema, dbInstance }] });
    const [pair] = pairs;
    if (!pair)
      throw new AppError('RESOURCE_NOT_FOUND', `instance with id [${dbInstance}] schema [${dbSchema}] does not exist`);
    if (pair.dbSchema.migrationType === 'Flyway')
      throw new AppError(
        'INVALID_REQUEST',
        `DB schema "${dbSchema}" has the migration type Flyway, which has no change log lock; name a schema with migrationType Liquibase`,
      );
    const row = await this.connectors.resolveUsable(
      ctx,
      pair.dbInstance.connector,
      project,
      `connector of DB instance "${dbInstance}"`,
    );
    const scope = scopeOfRow(row);
    const body = connectorBodyOf(row);
    for (const { field, ref } of secretRefsOf(body)) resolveUsableRefIn(ctx, 'secret', field, ref, scope);
    const { payload, selectors } = jdbcTaskOf(row.identifier, body);
    requireDriver(dbInstance, payload.url);
    return {
      task: { payload: { ...payload, kind: 'changelog-lock', ...(release ? { release } : {}) }, selectors },
      scope,
    };
  }

  private async byDelegate(
    ctx: RequestContext,
    scope: Scope,
    { payload, selectors }: ConnectionTask,
    question: LockQuestion,
  ): Promise<LockOutcome> {
    const taskId = newUuid();
    const { accountId } = ctx;
    const { principal, correlationId, origin, requestMethod } = ctx;
    const expressions = secretExpressionsOf(payload);
    await this.unitOfWork.run((stores) =>
      stores.changelogLockTasks.insert({
        taskId,
        scope,
        question,
        expressions,
        askedBy: { principal, correlationId, origin, requestMethod },
      }),
    );
    try {
      await this.delegates.tasks.unary(ctx, 'Submit', {
        taskId,
        scope: rpcScope(scope),
        payloadJson: JSON.stringify(payload),
        selectors: [...selectors],
        boundDelegateId: '',
        queueTimeoutMs: this.limits.queueMs,
        runTimeoutMs: this.limits.runMs,
        description: `change log lock of instance ${question.dbInstance}`,
        traceparent: ctx.traceparent ?? '',
      });
    } catch (cause) {
      await this.finish(accountId, taskId, { status: 'failed', message: messageOf(cause) });
    }
    const look = async () => (await this.unitOfWork.read.changelogLockTasks.find(accountId, taskId))?.outcome;
    const answered = await this.waits.until(taskId, look, this.limits.waitMs, ctx.signal);
    if (answered) return answered;
    await this.finish(accountId, taskId, {
      status: 'failed',
      message: `no delegate answered within ${this.limits.waitMs / 1000} s`,
    });
    await this.delegates.tasks.unary(ctx, 'Abort', { taskId, accountId }).catch(() => undefined);
    return (await look()) ?? { status: 'failed', message: 'the question is not known any more' };
  }
}

/** @throws AppError NOT_IMPLEMENTED with the statements that do the same by hand */
function requireDriver(dbInstance: string, url: string): void {
  const { product, runsHere } = checkDatabaseUrl(url);
  if (runsHere) return;
  if (product === 'MongoDB')
    throw new AppError(
      'NOT_IMPLEMENTED',
      `DB instance "${dbInstance}" is on MongoDB, where no step runs, so that no run holds a change log lock there; ask the tool that changes it, or give the instance a connector to PostgreSQL, MariaDB or MySQL`,
    );
  throw new AppError(
    'NOT_IMPLEMENTED',
    `DB instance "${dbInstance}" is on ${product}, where the change log lock is not supported yet; look at it with: SELECT LOCKED, LOCKEDBY, LOCKGRANTED FROM DATABASECHANGELOGLOCK; when its holder certainly does not run any more, free it with: UPDATE DATABASECHANGELOGLOCK SET LOCKED = FALSE, LOCKEDBY = NULL, LOCKGRANTED = NULL WHERE LOCKEDBY = '<holder>'`,
  );
}
