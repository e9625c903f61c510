import type { GitSource, TaskPayload } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import {
  hasExpression,
  podSelectors,
  resolveOutputs,
  stepsBelow,
  type NodeFailure,
  type NodeState,
  type PlanNode,
} from '@sluice/pipeline-engine';
import type { DbTarget, StepType, StepTypeRegistry } from '@sluice/step-types';
import type { NodeChange, RunHeader } from './execution-record.js';
import { podIdOf } from './identifiers.js';
import type { DbStepReference } from './ng-manager.js';
import { namingSteps, type StepTarget } from './named-steps.js';
import { failureOf, outputsOf, type RunActions } from './run-actions.js';
import { taskIdOf, type PodStep } from './task.js';

export type OpenedPod =
  | { readonly kind: 'submitted'; readonly taskId: string; readonly deadline: number }
  | { readonly kind: 'failed'; readonly failure: NodeFailure }
  | { readonly kind: 'interrupted' };

/** Room for the delegate service to report an end before the workflow itself gives up. */
export const REPORT_GRACE_MS = 30_000;

/** Asks for the inputs of every DB step of a group and submits the task that makes its pod. */
export class PodActions {
  constructor(
    private readonly actions: RunActions,
    private readonly types: StepTypeRegistry,
  ) {}

  /** One durable step: inputs, task row, submission. Changes are written along with the start of the group. */
  async open(
    run: RunHeader,
    group: PlanNode,
    initialise: PlanNode,
    workflowId: string,
    changes: readonly NodeChange[],
  ): Promise<OpenedPod> {
    return this.actions.span(run, 'initialise pod', async (traceparent) => {
      const taskId = taskIdOf(run.planExecutionId, initialise.id, 'init');
      const at = Date.now();
      const started: NodeChange = { nodeId: initialise.id, event: { kind: 'started', at, taskId } };
      const [{ isInterrupted }, resolved] = await Promise.all([
        this.actions.flush(run, [...changes, started, ...unusedNotes(group)]),
        this.inputs(run, group, initialise, traceparent).catch((cause: unknown) => failureOf(cause)),
      ]);
      if (isInterrupted) return this.interrupted(run, initialise, taskId);
      if (!isPod(resolved)) return this.failed(run, initialise, resolved);
      const context = { kind: 'initialise-pod', podId: podIdOf(group.id), steps: resolved.steps } as const;
      const stillWanted = await this.actions.write(async ({ record }) => {
        if (await record.isInterrupted(run.planExecutionId)) return false;
        await record.addTask(
          {
            taskId,
            planExecutionId: run.planExecutionId,
            nodeId: initialise.id,
            workflowId,
            kind: 'initialise-pod',
            context,
          },
          at,
        );
        return true;
      });
      if (!stillWanted) return this.interrupted(run, initialise, taskId);
      return this.submit(run, group, initialise, taskId, resolved, traceparent);
    });
  }

  private async interrupted(run: RunHeader, initialise: PlanNode, taskId: string): Promise<OpenedPod> {
    return (await this.actions.isUnderWay(run, taskId))
      ? { kind: 'submitted', taskId, deadline: this.deadline(initialise) }
      : { kind: 'interrupted' };
  }

  private deadline(initialise: PlanNode): number {
    return Date.now() + this.actions.services.config.taskQueueTimeoutMs + podTimeout(initialise) + REPORT_GRACE_MS;
  }

  private async submit(
    run: RunHeader,
    group: PlanNode,
    initialise: PlanNode,
    taskId: string,
    pod: Pod,
    traceparent: string,
  ): Promise<OpenedPod> {
    const { config, tasks } = this.actions.services;
    const runTimeoutMs = podTimeout(initialise);
    try {
      await tasks.submit(this.actions.callerOf(run, traceparent), {
        taskId,
        scope: run.scope,
        payload: await this.payload(run, group, initialise, pod),
        selectors: podSelectors(
          run.plan,
          Object.keys(pod.steps),
          Object.fromEntries(Object.entries(pod.steps).map(([id, step]) => [id, step.inputs.delegateSelectors])),
        ),
        boundDelegateId: '',
        queueTimeoutMs: config.taskQueueTimeoutMs,
        runTimeoutMs,
        description: `initialise step group "${group.name}" of pipeline "${run.plan.name}"`,
      });
    } catch (cause) {
      await this.actions.abandonUnsubmitted(taskId, cause);
      return this.failed(run, initialise, failureOf(cause));
    }
    return { kind: 'submitted', taskId, deadline: this.deadline(initialise) };
  }

  private async failed(run: RunHeader, initialise: PlanNode, failure: NodeFailure): Promise<OpenedPod> {
    await this.actions.flush(run, [
      { nodeId: initialise.id, event: { kind: 'ended', at: Date.now(), status: 'Failed', failure } },
    ]);
    return { kind: 'failed', failure };
  }

  private async inputs(run: RunHeader, group: PlanNode, initialise: PlanNode, traceparent: string): Promise<Pod> {
    const states = await this.actions.record.states(run.planExecutionId);
    const nodes = stepsBelow(run.plan, group.id);
    const references = nodes.map((node) => this.reference(run, node, states));
    const targets = references.map(({ dbSchema, dbInstance }, at): StepTarget => ({
      step: nodes[at]?.identifier ?? '',
      dbSchema,
      dbInstance,
    }));
    const inputs = await this.actions.services.ngManager
      .stepInputs(run, traceparent, references, {
        forMs: podTimeout(initialise),
        isPointless: () => this.actions.write(({ record }) => record.isInterrupted(run.planExecutionId)),
      })
      .catch((cause: unknown) => {
        throw namingSteps(cause, targets);
      });
    return arrange(references, inputs);
  }

  private reference(run: RunHeader, node: PlanNode, states: Readonly<Record<string, NodeState>>): DbStepReference {
    const type = stepTypeOf(this.types, node);
    const { value, unresolved } = resolveOutputs(run.plan, node.id, node.step?.spec ?? {}, (fqn) =>
      outputsOf(run, states, fqn),
    );
    // Only the target has to be known now; the rest of the spec may still wait for outputs of steps in this group.
    const target = type.target(value) as Partial<Record<keyof DbTarget, unknown>>;
    for (const key of ['dbSchema', 'dbInstance'] as const) {
      const text = target[key];
      if (typeof text === 'string' && !hasExpression(text)) continue;
      const reason =
        unresolved.find(({ expression }) => String(text).includes(expression))?.reason ?? 'it is not a text';
      throw new AppError(
        'PLAN_CREATION_ERROR',
        `step "${node.identifier}": ${key} ${JSON.stringify(text)} has no value when its step group starts: ${reason}`,
      );
    }
    return {
      key: node.id,
      dbSchema: String(target.dbSchema),
      dbInstance: String(target.dbInstance),
      command: type.command,
    };
  }

  private async payload(run: RunHeader, group: PlanNode, initialise: PlanNode, pod: Pod): Promise<TaskPayload> {
    const { config, logToken } = this.actions.services;
    const keyPrefix = this.actions.keyOf(run, group.logPath);
    const ttlSeconds = Math.ceil(run.plan.timeoutMs / 1000) + config.logShippingSeconds;
    return {
      kind: 'initialise-pod',
      podId: podIdOf(group.id),
      sources: [...pod.sources],
      steps: Object.entries(pod.steps).map(([id, step]) => ({
        stepExecutionId: id,
        identifier: run.plan.nodes[id]?.identifier ?? id,
        secrets: step.inputs.secrets,
        changelogPaths: [{ source: step.source, path: step.inputs.schema.changelogPath }],
      })),
      logs: {
        baseUrl: config.podLogServiceUrl,
        accountId: run.scope.accountId,
        token: await logToken(run.scope, keyPrefix, ttlSeconds),
        keyPrefix,
      },
      logKey: this.actions.keyOf(run, initialise.logPath),
    };
  }
}

/** What the YAML of a node holds and what has no effect, as notes people see on it. */
export function unusedNotes({ id, ineffective = [] }: PlanNode): NodeChange[] {
  return ineffective.map((text) => ({ nodeId: id, event: { kind: 'note', text } }));
}

function podTimeout(initialise: PlanNode): number {
  return initialise.timeoutMs ?? 600_000;
}

interface Pod {
  readonly sources: readonly GitSource[];
  readonly steps: Readonly<Record<string, PodStep>>;
}

const isPod = (value: Pod | NodeFailure): value is Pod => 'sources' in value;

/** Steps with the same repository and ref share one checkout; the others get their own. */
function arrange(references: readonly DbStepReference[], inputs: Readonly<Record<string, DbStepInputs>>): Pod {
  const sources = new Map<string, GitSource>();
  const steps: Record<string, PodStep> = {};
  for (const { key, dbSchema, dbInstance } of references) {
    const found = inputs[key];
    if (!found)
      throw new AppError('INTERNAL', `NG manager gave no inputs for schema "${dbSchema}", instance "${dbInstance}"`);
    const identity = JSON.stringify({ ...found.source, name: '' });
    const source = sources.get(identity) ?? { ...found.source, name: `source${sources.size + 1}` };
    sources.set(identity, source);
    steps[key] = { dbSchema, dbInstance, inputs: found, source: source.name };
  }
  return { sources: [...sources.values()], steps };
}

export function stepTypeOf(types: StepTypeRegistry, node: PlanNode): StepType {
  const type = types.find(node.step?.type ?? '');
  if (!type)
    throw new AppError(
      'PLAN_CREATION_ERROR',
      `step "${node.identifier}" has type "${node.step?.type ?? ''}", which this service does not know; known are ${types.names.join(', ')}`,
    );
  return type;
}
