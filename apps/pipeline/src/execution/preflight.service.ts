import { Inject, Injectable } from '@nestjs/common';
import { entityRef, mayUse } from '@sluice/api-conventions';
import {
  AppError,
  formatScope,
  resolveRef,
  type ProjectScope,
  type RequestContext,
  type ScopedRef,
} from '@sluice/kernel';
import type { PreflightResult } from '@sluice/pipeline-api';
import { hasExpression, type Plan } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { CheckRepository } from '../check/check.repository.js';
import { Documents } from '../documents/documents.js';
import { PipelineService } from '../pipeline/pipeline.service.js';
import { NgManager, type DbStepReference } from '../run/ng-manager.js';
import { StoredVariableValues } from '../variable/stored-variables.js';
import { connectorUsesOf, type ConnectorUse } from './connector-uses.js';

type InputCheck = PreflightResult['pipelineInputWrapperResponse']['pipelineInputResponse'][number];
type ConnectorCheck = PreflightResult['connectorWrapperResponse']['checkResponses'][number];
type Problem = NonNullable<PreflightResult['errorInfo']>;

const AT_ONCE = 4;
const MAX_TARGETS = 256;

/** A database some steps of the pipeline work on. */
interface Target extends DbStepReference {
  readonly fqn: string;
  readonly stageName: string | null;
  readonly stepName: string;
}

/** Would the pipeline run? Inputs, the plan, and everything its steps refer to are really looked up. */
@Injectable()
export class PreflightService {
  constructor(
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(CheckRepository) private readonly checks: CheckRepository,
    @Inject(StepTypeRegistry) private readonly types: StepTypeRegistry,
    @Inject(NgManager) private readonly ngManager: NgManager,
    @Inject(Documents) private readonly documents: Documents,
    @Inject(StoredVariableValues) private readonly variables: StoredVariableValues,
  ) {}

  /** @returns id of the check @throws AppError ENTITY_NOT_FOUND, INVALID_YAML_ERROR, UPSTREAM_UNAVAILABLE when the check itself cannot be made */
  async check(
    ctx: RequestContext,
    scope: ProjectScope,
    pipelineIdentifier: string,
    inputYaml: string,
  ): Promise<string> {
    const { yaml } = await this.pipelines.get(scope, pipelineIdentifier);
    const result = await this.resultOf(ctx, scope, yaml, inputYaml);
    return this.checks.add(scope, 'preflight', pipelineIdentifier, result, Date.now());
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async result(scope: ProjectScope, checkId: string): Promise<PreflightResult> {
    const check = await this.checks.find<PreflightResult>(scope, 'preflight', checkId);
    if (!check)
      throw new AppError(
        'ENTITY_NOT_FOUND',
        `there is no preflight check "${checkId}" in ${formatScope(scope)}; results are kept for a day`,
        { fields: [{ field: 'preflightCheckId', error: 'there is no such check' }] },
      );
    return check.result;
  }

  private async resultOf(
    ctx: RequestContext,
    scope: ProjectScope,
    yaml: string,
    inputYaml: string,
  ): Promise<PreflightResult> {
    const filled = await attempt(() => this.documents.fill(scope.accountId, yaml, inputYaml), ['INVALID_REQUEST']);
    const inputs = filled.error ? inputChecks(filled.error) : [];
    const plan = await attempt(
      () => this.plan(ctx, scope, filled.value ?? yaml),
      ['PLAN_CREATION_ERROR', 'SCHEMA_VALIDATION_FAILED', 'INVALID_REQUEST', 'NOT_IMPLEMENTED'],
    );
    const connectors = plan.value
      ? [
          ...(await this.connectorChecks(ctx, scope, targetsOf(plan.value, this.types))),
          ...(await this.existenceChecks(ctx, scope, connectorUsesOf(plan.value), yaml)),
        ]
      : [];
    // Inputs without a value make the plan fail too; that is told once.
    const errorInfo =
      plan.error && inputs.length === 0 ? problem(plan.error.message, 'the pipeline cannot be planned') : null;
    const inputStatus = inputs.some(({ success }) => !success) ? 'FAILURE' : 'SUCCESS';
    const connectorStatus = connectors.some(({ status }) => status === 'FAILURE') ? 'FAILURE' : 'SUCCESS';
    return {
      status: inputStatus === 'SUCCESS' && connectorStatus === 'SUCCESS' && errorInfo === null ? 'SUCCESS' : 'FAILURE',
      pipelineInputWrapperResponse: {
        label: 'Verifying Pipeline Inputs',
        status: inputStatus,
        pipelineInputResponse: inputs,
      },
      connectorWrapperResponse: {
        label: 'Verifying Schemas, Instances and Connectors',
        status: connectorStatus,
        checkResponses: connectors,
      },
      errorInfo,
    };
  }

  private async plan(ctx: RequestContext, scope: ProjectScope, yaml: string): Promise<Plan> {
    const { accountId, orgId, projectId } = scope;
    const storedVariables = await this.variables.of(ctx, scope, yaml);
    return this.documents.compile({
      yaml,
      planId: 'preflight',
      planExecutionId: 'preflight',
      accountId,
      orgId,
      projectId,
      runSequence: 0,
      triggeredBy: { name: ctx.principal.name, email: '' },
      storedVariables,
    });
  }

  private async connectorChecks(
    ctx: RequestContext,
    scope: ProjectScope,
    targets: readonly Target[],
  ): Promise<ConnectorCheck[]> {
    const checks: ConnectorCheck[] = [];
    for (let at = 0; at < targets.length; at += AT_ONCE)
      checks.push(
        ...(await Promise.all(
          targets.slice(at, at + AT_ONCE).map((target) => this.connectorCheck(ctx, scope, target)),
        )),
      );
    return checks;
  }

  /**
   * Are the connectors of images and clusters there? What they reach is not tried. Of those that come with the input, rather than from the stored
   * pipeline, nothing is told to who may not use them.
   */
  private async existenceChecks(
    ctx: RequestContext,
    scope: ProjectScope,
    uses: readonly ConnectorUse[],
    yaml: string,
  ): Promise<ConnectorCheck[]> {
    const resolved = await Promise.all(
      uses.map(async (use) => ({ use, ...(await attempt(() => refIn(scope, use.ref), ['INVALID_IDENTIFIER_REF'])) })),
    );
    const stored = new Set(
      (await this.documents.read(scope.accountId, 'references', yaml)).map(({ kind, ref }) => `${kind} ${ref}`),
    );
    const isTold = ({ use, value }: (typeof resolved)[number]): boolean =>
      value !== undefined && (stored.has(`connector ${use.ref}`) || mayUse(ctx, 'connector', value));
    const names = await this.ngManager.connectorNames(
      ctx,
      resolved.filter(isTold).flatMap(({ value }) => value ?? []),
    );
    return resolved.map(({ use, value, error }): ConnectorCheck => {
      const { purpose, ref, fqn, stageName, stepName } = use;
      const name = value && names(value);
      const place = { fqn, stageName, stepName, connectorIdentifier: ref, connectorName: name ?? ref };
      if (name !== undefined) return { ...place, status: 'SUCCESS', errorInfo: null };
      return {
        ...place,
        status: 'FAILURE',
        errorInfo: problem(
          error?.message ??
            `there is no connector "${ref}", which ${purpose === 'image' ? 'the image of the step' : 'the cluster of the step group'} needs`,
          `create the connector, or name another in ${fqn}`,
        ),
      };
    });
  }

  private async connectorCheck(ctx: RequestContext, scope: ProjectScope, target: Target): Promise<ConnectorCheck> {
    const { fqn, stageName, stepName, dbSchema, dbInstance } = target;
    const place = {
      fqn,
      stageName,
      stepName,
      connectorIdentifier: `${dbSchema}.${dbInstance}`,
      connectorName: `schema "${dbSchema}", instance "${dbInstance}" and their connectors`,
    };
    try {
      const caller = { accountId: ctx.accountId, principal: ctx.principal, grants: ctx.grants };
      await this.ngManager.stepInputs(
        { scope, caller, correlationId: ctx.correlationId, traceparent: ctx.traceparent },
        undefined,
        [{ key: target.key, dbSchema, dbInstance, command: target.command }],
      );
      return { ...place, status: 'SUCCESS', errorInfo: null };
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.isRetryable || cause.code === 'INTERNAL') throw cause;
      return { ...place, status: 'FAILURE', errorInfo: problem(cause.message, 'create or correct what is named') };
    }
  }
}

/** Every database once, at the first step that works on it; those whose names are outputs of other steps are known only in a run. */
function targetsOf(plan: Plan, types: StepTypeRegistry): Target[] {
  const targets = new Map<string, Target>();
  for (const node of Object.values(plan.nodes)) {
    const type = node.step && types.find(node.step.type);
    if (!type || !node.step) continue;
    const { dbSchema, dbInstance }: { readonly dbSchema: unknown; readonly dbInstance: unknown } = type.target(
      node.step.spec,
    );
    if (
      typeof dbSchema !== 'string' ||
      typeof dbInstance !== 'string' ||
      hasExpression(dbSchema) ||
      hasExpression(dbInstance)
    )
      continue;
    const key = JSON.stringify([dbSchema, dbInstance]);
    const stageName = node.stageId === null ? null : (plan.nodes[node.stageId]?.name ?? null);
    if (!targets.has(key) && targets.size < MAX_TARGETS)
      targets.set(key, {
        key: node.id,
        dbSchema,
        dbInstance,
        command: type.command,
        fqn: node.baseFqn,
        stageName,
        stepName: node.name,
      });
  }
  return [...targets.values()];
}

/** @throws AppError INVALID_IDENTIFIER_REF */
function refIn(scope: ProjectScope, ref: string): ScopedRef {
  if (entityRef.safeParse(ref).success) return resolveRef(ref, scope);
  throw new AppError(
    'INVALID_IDENTIFIER_REF',
    `"${ref.slice(0, 80)}" is no reference to a connector; write "id", "org.id" or "account.id"`,
  );
}

function inputChecks(error: AppError): InputCheck[] {
  const fields = error.details.fields ?? [{ field: 'pipeline', error: error.message }];
  return fields.map(({ field, error: text }) => ({
    fqn: field,
    stageName: null,
    stepName: null,
    success: false,
    errorInfo: problem(text, 'give it in the runtime input YAML or in an input set'),
  }));
}

function problem(description: string, resolution: string): Problem {
  return {
    count: 1,
    summary: description.slice(0, 200),
    description,
    causes: [{ cause: description }],
    resolution: [{ resolution }],
  };
}

/** Runs `work`; errors with one of the codes are a result of the check, others end it. */
async function attempt<T>(
  work: () => T | Promise<T>,
  codes: readonly AppError['code'][],
): Promise<{ readonly value?: T; readonly error?: AppError }> {
  try {
    return { value: await work() };
  } catch (cause) {
    if (cause instanceof AppError && codes.includes(cause.code)) return { error: cause };
    throw cause;
  }
}
