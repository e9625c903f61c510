import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type FieldError, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import type { Warning } from '@sluice/pipeline-engine';
import { AuditedDocuments } from '../audit/audited-documents.js';
import { AuditTrail, type AuditedChange } from '../audit/audit-trail.js';
import { CheckRepository } from '../check/check.repository.js';
import type { Sort } from '../database/list-query.js';
import { Documents } from '../documents/documents.js';
import { InputSetRepository } from '../input-set/input-set.repository.js';
import { Projects } from '../project/projects.js';
import { References } from '../reference/references.js';
import { TriggerRepository } from '../trigger/trigger.repository.js';
import {
  PipelineRepository,
  type NewPipeline,
  type Pipeline,
  type PipelineFilter,
  type PipelineSortColumn,
} from './pipeline.repository.js';
import type { PipelineSummary } from './pipeline-summary.js';

/** What a request says about a pipeline besides its YAML. What it says counts, so that clients read back what they sent. */
export interface PipelineSays {
  readonly identifier: string;
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly tags?: Readonly<Record<string, string>> | null | undefined;
}

/** A pipeline that was stored. */
export interface SavedPipeline {
  readonly pipeline: Pipeline;
  /** Fields of it that are taken and have no effect, and DB schemas it names that no run takes. */
  readonly warnings: readonly Warning[];
}

interface ReadPipeline {
  readonly pipeline: NewPipeline;
  readonly warnings: readonly Warning[];
}

/** How a validation of a stored pipeline ended. */
export interface Validation {
  readonly isValid: boolean;
  readonly message: string | null;
  readonly errors: readonly FieldError[];
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Pipelines as people write and store them. */
@Injectable()
export class PipelineService {
  constructor(
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(InputSetRepository) private readonly inputSets: InputSetRepository,
    @Inject(CheckRepository) private readonly checks: CheckRepository,
    @Inject(Documents) private readonly documents: Documents,
    @Inject(TriggerRepository) private readonly triggers: TriggerRepository,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Projects) private readonly projects: Projects,
    @Inject(References) private readonly references: References,
  ) {}

  /** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, NOT_IMPLEMENTED for fields that would have to be obeyed and cannot be */
  validate(scope: ProjectScope, yaml: string): Promise<PipelineSummary> {
    return this.documents.read(scope.accountId, 'pipeline', yaml, { orgId: scope.orgId, projectId: scope.projectId });
  }

  /** @throws AppError as {@link validate}, RESOURCE_NOT_FOUND for a project there is not, DUPLICATE_FIELD, UPSTREAM_UNAVAILABLE */
  async create(ctx: RequestContext, scope: ProjectScope, yaml: string, says?: PipelineSays): Promise<SavedPipeline> {
    const { pipeline, warnings } = await this.read(scope, yaml, says);
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    const shown = await audited.prepare('pipeline', undefined, pipeline);
    const project = await this.projects.require(ctx, scope);
    const advice = await this.adviceOn(ctx, scope, pipeline, warnings);
    try {
      const stored = await this.stored(ctx, scope, pipeline, async ({ manager, record }) => {
        await this.projects.hold(manager, project);
        const pipelines = this.pipelines.within(manager);
        await pipelines.insert(scope, pipeline, Date.now());
        await record(ctx, {
          action: 'create',
          resourceType: 'pipeline',
          identifier: pipeline.identifier,
          scope,
          ...shown,
        });
        return found(pipelines, scope, pipeline.identifier);
      });
      return { pipeline: stored, warnings: advice };
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError(
        'DUPLICATE_FIELD',
        `pipeline "${pipeline.identifier}" exists already in ${formatScope(scope)}; choose another identifier or update it`,
        { fields: [{ field: 'pipeline.identifier', error: 'is taken' }] },
      );
    }
  }

  /** @param version from `If-Match`; undefined overwrites whatever is there @throws AppError ENTITY_NOT_FOUND, OPTIMISTIC_LOCK */
  async update(
    ctx: RequestContext,
    scope: ProjectScope,
    says: PipelineSays,
    yaml: string,
    version: number | undefined,
  ): Promise<SavedPipeline> {
    const { pipeline, warnings } = await this.read(scope, yaml, says);
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    const prepare = async (): Promise<void> => {
      const seen = await this.pipelines.find(scope, says.identifier);
      if (seen) await audited.prepare('pipeline', seen, pipeline);
    };
    const advice = await this.adviceOn(ctx, scope, pipeline, warnings);
    const stored = await audited.during(prepare, () =>
      this.stored(ctx, scope, pipeline, async ({ manager, record }) => {
        const pipelines = this.pipelines.within(manager);
        const before = await pipelines.findLocked(scope, says.identifier);
        if (!before || !(await pipelines.replace(scope, pipeline, Date.now(), version)))
          return this.refuse(scope, says.identifier, version);
        await record(ctx, {
          action: 'update',
          resourceType: 'pipeline',
          identifier: says.identifier,
          scope,
          ...audited.of('pipeline', before, pipeline),
        });
        return found(pipelines, scope, says.identifier);
      }),
    );
    return { pipeline: stored, warnings: advice };
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  get(scope: ProjectScope, identifier: string): Promise<Pipeline> {
    return found(this.pipelines, scope, identifier);
  }

  /** Deletes a pipeline and its input sets; executions stay. @param version from `If-Match` @throws AppError ENTITY_NOT_FOUND, OPTIMISTIC_LOCK */
  async delete(
    ctx: RequestContext,
    scope: ProjectScope,
    identifier: string,
    version: number | undefined,
  ): Promise<void> {
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    /** Texts that refer to nothing. */
    const silent = new Set<string>();
    const prepare = async (): Promise<void> => {
      const seen = await this.pipelines.find(scope, identifier);
      if (seen) await audited.prepare('pipeline', seen, undefined);
      for (const [resourceType, documents] of [
        ['inputSet', await this.inputSets.allOf(scope, identifier)],
        ['trigger', await this.triggers.allOf(scope, identifier)],
      ] as const) {
        for (const document of documents) {
          await audited.prepare(resourceType, document, undefined);
          if (!(await this.references.mayRefer(scope, document.yaml))) silent.add(document.yaml);
        }
      }
    };
    const removed = await audited.during(prepare, () =>
      this.audit.run(async ({ manager, record }) => {
        const [pipelines, inputSets] = [this.pipelines.within(manager), this.inputSets.within(manager)];
        const before = await pipelines.findLocked(scope, identifier);
        const [sets, triggers] = [
          await inputSets.allOf(scope, identifier),
          await this.triggers.within(manager).allOf(scope, identifier),
        ];
        if (!before || !(await pipelines.delete(scope, identifier, version)))
          return this.refuse(scope, identifier, version);
        await inputSets.deleteOfPipeline(scope, identifier);
        const details = { pipelineIdentifier: identifier, isRemovedWith: `pipeline ${identifier}` };
        await record(
          ctx,
          ...sets.map((set) => ({
            action: 'delete',
            resourceType: 'inputSet',
            identifier: set.identifier,
            scope,
            ...audited.of('inputSet', set, undefined),
            details,
          })),
          ...triggers.map((trigger) => ({
            action: 'delete',
            resourceType: 'trigger',
            identifier: trigger.identifier,
            scope,
            ...audited.of('trigger', trigger, undefined),
            details,
          })),
          {
            action: 'delete',
            resourceType: 'pipeline',
            identifier,
            scope,
            ...audited.of('pipeline', before, undefined),
          },
        );
        const inside = [
          ...sets.map((set) => ({ kind: 'inputSet' as const, ...set })),
          ...triggers.map((trigger) => ({ kind: 'trigger' as const, ...trigger })),
        ];
        return [{ kind: 'pipeline' as const, ...before }, ...inside.filter(({ yaml }) => !silent.has(yaml))];
      }),
    );
    await this.references.forget(
      ctx,
      removed.map((document) => ({
        scope,
        kind: document.kind,
        pipelineIdentifier: identifier,
        identifier: document.identifier,
      })),
    );
  }

  list(
    scope: ProjectScope,
    filter: PipelineFilter,
    sort: readonly Sort<PipelineSortColumn>[],
    page: number,
    size: number,
  ): Promise<{ rows: Pipeline[]; total: number }> {
    return this.pipelines.list(scope, filter, sort, page, size);
  }

  /** Validates a stored pipeline and keeps the result. @returns the id to ask for it @throws AppError ENTITY_NOT_FOUND */
  async startValidation(scope: ProjectScope, identifier: string): Promise<string> {
    const { yaml } = await this.get(scope, identifier);
    const startedAt = Date.now();
    const fault = await faultOf(() => this.validate(scope, yaml));
    const result: Validation = {
      isValid: fault === undefined,
      message: fault?.message ?? null,
      errors: fault?.details.fields ?? [],
      startedAt,
      endedAt: Date.now(),
    };
    return this.checks.add(scope, 'validation', identifier, result, startedAt);
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async validation(scope: ProjectScope, uuid: string): Promise<Validation> {
    const check = await this.checks.find<Validation>(scope, 'validation', uuid);
    if (!check)
      throw new AppError(
        'ENTITY_NOT_FOUND',
        `there is no validation "${uuid}" in ${formatScope(scope)}; results are kept for a day`,
      );
    return check.result;
  }

  /** Worked out before the store: whatever goes wrong in it, a pipeline that is stored is not answered with an error. */
  private async adviceOn(
    ctx: RequestContext,
    scope: ProjectScope,
    { identifier, yaml }: NewPipeline,
    warnings: readonly Warning[],
  ): Promise<Warning[]> {
    return [...warnings, ...(await this.references.warnings(ctx, scope, identifier, yaml))];
  }

  private stored<T>(
    ctx: RequestContext,
    scope: ProjectScope,
    { identifier, yaml }: NewPipeline,
    work: (change: AuditedChange) => Promise<T>,
  ): Promise<T> {
    return this.references.whileStoring(
      ctx,
      { scope, kind: 'pipeline', pipelineIdentifier: identifier, identifier },
      yaml,
      () => this.audit.run(work),
    );
  }

  private async refuse(scope: ProjectScope, identifier: string, version: number | undefined): Promise<never> {
    const current = await this.get(scope, identifier);
    throw new AppError(
      'OPTIMISTIC_LOCK',
      `pipeline "${identifier}" has version ${current.version}, not ${String(version)}; read it again and repeat the change`,
    );
  }

  private async read(scope: ProjectScope, yaml: string, says: PipelineSays | undefined): Promise<ReadPipeline> {
    const { warnings, ...pipeline } = await this.validate(scope, yaml);
    if (says !== undefined && pipeline.identifier !== says.identifier) {
      throw new AppError(
        'INVALID_REQUEST',
        `the YAML names pipeline "${pipeline.identifier}", the request "${says.identifier}"; identifiers cannot be changed, make both the same`,
        { fields: [{ field: 'pipeline.identifier', error: `must be "${says.identifier}"` }] },
      );
    }
    const { identifier, stageNames, filters } = pipeline;
    return {
      pipeline: {
        identifier,
        name: says?.name ?? pipeline.name,
        description: says?.description ?? pipeline.description,
        tags: says?.tags ?? pipeline.tags,
        yaml,
        stageNames,
        filters,
      },
      warnings,
    };
  }
}

async function faultOf(work: () => Promise<unknown>): Promise<AppError | undefined> {
  try {
    await work();
    return undefined;
  } catch (cause) {
    if (cause instanceof AppError && !cause.isRetryable) return cause;
    throw cause;
  }
}

async function found(pipelines: PipelineRepository, scope: ProjectScope, identifier: string): Promise<Pipeline> {
  const pipeline = await pipelines.find(scope, identifier);
  if (!pipeline) throw notFound(scope, identifier);
  return pipeline;
}

function notFound(scope: ProjectScope, identifier: string): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no pipeline "${identifier}" in ${formatScope(scope)}`);
}
