import { openDataSource } from '@sluice/persistence';
import { RouteClient } from '@sluice/http';
import { newId, projectScope } from '@sluice/kernel';
import { NEW_NODE, compilePlan, type PlanNode } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { Tracing, createLogger } from '@sluice/telemetry';
import type { DataSource } from 'typeorm';
import { AuditTrail } from '../audit/audit-trail.js';
import { parseConfig } from '../config.js';
import { createPipelineDataSource } from '../database/data-source.js';
import { ExecutionRepository, type NewExecution } from '../execution/execution.repository.js';
import { DelegateTasks } from '../run/delegate-tasks.js';
import type { RunHeader } from '../run/execution-record.js';
import { stableId } from '../run/identifiers.js';
import { Messages } from '../run/messages.js';
import { NgManager } from '../run/ng-manager.js';
import { RunActions } from '../run/run-actions.js';
import { Workflows } from '../run/workflows.js';
import { taskIdOf } from '../run/task.js';
import { World } from './pipeline-under-test.js';

/** The parts that run an execution, on a real database and the durable engine, without the HTTP side, sweeps or events: a test makes each step itself. */
export class RunUnderTest {
  private constructor(
    readonly world: World,
    readonly db: DataSource,
    readonly actions: RunActions,
    readonly types: StepTypeRegistry,
    private readonly end: () => Promise<void>,
  ) {}

  static async create(over: Record<string, string> = {}): Promise<RunUnderTest> {
    const world = await World.create();
    const config = parseConfig({ ...world.env, ...over });
    const identity = await world.identities.of('pipeline');
    const log = createLogger('pipeline', config.logLevel);
    const db = await openDataSource(createPipelineDataSource(config.databaseUrl, config.databasePoolSize));
    const tasks = new DelegateTasks(config.delegateServiceAddress, identity, config.serviceCa);
    const ngManager = new NgManager(
      new RouteClient({ target: 'ng-manager', baseUrl: config.ngManagerUrl, identity, ca: config.serviceCa }),
      config.reportTimeoutMs,
    );
    const audit = new AuditTrail(db, log, {
      holder: config.executorId,
      deliver: () => Promise.resolve(),
      pollMs: config.sweepMs,
    });
    const actions = new RunActions({
      config,
      dataSource: db,
      audit,
      tasks,
      ngManager,
      messages: new Messages(),
      tracing: Tracing.create('pipeline', undefined),
      log,
      logToken: () => Promise.resolve(''),
    });
    const types = new StepTypeRegistry();
    const workflows = new Workflows(actions, types);
    await workflows.launch(config);
    return new RunUnderTest(world, db, actions, types, async () => {
      await workflows.stop();
      tasks.close();
      await ngManager.close();
      await db.destroy();
      await world.stop();
    });
  }

  async stop(): Promise<void> {
    await this.end();
  }

  /** Stores an execution without a workflow. */
  async store(yaml: string): Promise<RunHeader> {
    const planExecutionId = newId();
    const scope = projectScope('acc', 'o', 'p');
    const plan = compilePlan({
      yaml,
      catalogue: this.types,
      planId: 'plan',
      planExecutionId,
      accountId: 'acc',
      orgId: 'o',
      projectId: 'p',
      runSequence: 1,
      triggeredBy: { name: '', email: '' },
      idOf: stableId,
    });
    const createdAt = Date.now();
    const execution: NewExecution = {
      planExecutionId,
      pipelineIdentifier: 'p',
      name: 'P',
      runSequence: 1,
      status: 'Running',
      plan,
      yaml: '',
      inputYaml: '',
      inputTemplateYaml: null,
      inputSetIds: [],
      caller: { accountId: 'acc', principal: { type: 'user', id: 'u', name: 'U', email: 'u@x' }, grants: [] },
      correlationId: 'c',
      traceparent: null,
      notes: null,
      retryOf: null,
      rootExecutionId: null,
      rerunOf: null,
      chosenStages: null,
      moduleType: null,
      tags: {},
      takenOver: [],
      createdAt,
      validUntil: createdAt + 3_600_000,
    };
    await this.db.transaction((manager) =>
      new ExecutionRepository(this.db).insert(
        manager,
        scope,
        execution,
        new Map(Object.keys(plan.nodes).map((node) => [node, NEW_NODE])),
      ),
    );
    const run = await this.actions.header(planExecutionId);
    if (!run) throw new Error(`execution ${planExecutionId} was not stored`);
    return run;
  }

  /** The step as it is while a delegate works on it: shown as running, its task open, its instance held. @param isSubmitted whether its submission has arrived */
  async begin(run: RunHeader, node: PlanNode, { isSubmitted = true, dbInstance = 'prod' } = {}): Promise<string> {
    const taskId = taskIdOf(run.planExecutionId, node.id, 'step');
    const at = Date.now();
    await this.actions.write(async ({ record, locks }) => {
      await record.apply(run.planExecutionId, [
        { nodeId: node.id, event: { kind: 'started', at, decision: '', taskId, parameters: {} } },
      ]);
      await locks.acquire(
        {
          scope: run.scope,
          dbSchema: 'orders',
          dbInstance,
          holder: taskId,
          planExecutionId: run.planExecutionId,
          workflowId: `wf-${taskId}`,
        },
        at,
      );
      await record.addTask(
        {
          taskId,
          planExecutionId: run.planExecutionId,
          nodeId: node.id,
          workflowId: `wf-${taskId}`,
          kind: 'execute-step',
          context: {
            kind: 'execute-step',
            podId: 'p',
            stageId: node.stageId ?? '',
            dbSchema: 'orders',
            dbInstance,
            command: 'Update',
            runTimeoutMs: 600_000,
          },
        },
        at,
      );
    });
    if (isSubmitted) await this.submit(run, taskId);
    return taskId;
  }

  submit(run: RunHeader, taskId: string): Promise<void> {
    const work = {
      kind: 'liquibase.update',
      target: { url: 'u' },
      changelog: { source: 's', path: 'p' },
      contexts: '',
      labels: '',
      substituteProperties: {},
    } as const;
    return this.actions.services.tasks.submit(this.actions.callerOf(run, undefined), {
      taskId,
      scope: run.scope,
      payload: { kind: 'execute-step', podId: 'p', stepExecutionId: 's', logKey: 'k', timeoutMs: 1_000, work },
      selectors: [],
      boundDelegateId: '',
      queueTimeoutMs: 60_000,
      runTimeoutMs: 60_000,
      description: '',
    });
  }

  /** Task ids of steps that hold an instance, or wait for one. */
  async holders(): Promise<string[]> {
    return (await this.db.query<{ holder: string }[]>('SELECT holder FROM instance_locks ORDER BY position')).map(
      (row) => row.holder,
    );
  }
}

/** The steps of a plan, in their order in the document. */
export function stepsOf({ plan }: RunHeader): PlanNode[] {
  return Object.values(plan.nodes).filter((node) => node.kind === 'step');
}
