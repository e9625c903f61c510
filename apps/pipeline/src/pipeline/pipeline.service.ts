import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { parsePipeline, type PipelineModel } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { InputSetRepository } from '../input-set/input-set.repository.js';
import { PipelineRepository, type NewPipeline, type Pipeline, type PipelineFilter } from './pipeline.repository.js';

/** Pipelines as people write and store them. */
@Injectable()
export class PipelineService {
  constructor(
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(InputSetRepository) private readonly inputSets: InputSetRepository,
    @Inject(StepTypeRegistry) private readonly types: StepTypeRegistry,
  ) {}

  /** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED */
  validate(scope: ProjectScope, yaml: string): PipelineModel {
    return parsePipeline(yaml, this.types, { orgId: scope.orgId, projectId: scope.projectId });
  }

  /** @param expected identifier the request names besides the YAML @throws AppError as {@link validate}, DUPLICATE_FIELD */
  async create(_ctx: RequestContext, scope: ProjectScope, yaml: string, expected?: string): Promise<Pipeline> {
    const pipeline = this.read(scope, yaml, expected);
    try {
      await this.pipelines.insert(scope, pipeline, Date.now());
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('DUPLICATE_FIELD', `pipeline "${pipeline.identifier}" exists already in ${formatScope(scope)}; choose another identifier or update it`, { fields: [{ field: 'pipeline.identifier', error: 'is taken' }] });
    }
    return this.get(scope, pipeline.identifier);
  }

  /** @param version from `If-Match`; undefined overwrites whatever is there @throws AppError ENTITY_NOT_FOUND, OPTIMISTIC_LOCK */
  async update(_ctx: RequestContext, scope: ProjectScope, identifier: string, yaml: string, version: number | undefined): Promise<Pipeline> {
    const pipeline = this.read(scope, yaml, identifier);
    if (!(await this.pipelines.replace(scope, pipeline, Date.now(), version))) {
      const current = await this.get(scope, identifier);
      throw new AppError('OPTIMISTIC_LOCK', `pipeline "${identifier}" has version ${current.version}, not ${String(version)}; read it again and repeat the change`);
    }
    return this.get(scope, identifier);
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async get(scope: ProjectScope, identifier: string): Promise<Pipeline> {
    const pipeline = await this.pipelines.find(scope, identifier);
    if (!pipeline) throw notFound(scope, identifier);
    return pipeline;
  }

  /** Deletes a pipeline and its input sets; executions stay. @throws AppError ENTITY_NOT_FOUND */
  async delete(_ctx: RequestContext, scope: ProjectScope, identifier: string): Promise<void> {
    if (!(await this.pipelines.delete(scope, identifier))) throw notFound(scope, identifier);
    await this.inputSets.deleteOfPipeline(scope, identifier);
  }

  list(scope: ProjectScope, filter: PipelineFilter, page: number, size: number): Promise<{ rows: Pipeline[]; total: number }> {
    return this.pipelines.list(scope, filter, page, size);
  }

  private read(scope: ProjectScope, yaml: string, expected: string | undefined): NewPipeline {
    const { pipeline, stages } = this.validate(scope, yaml);
    if (expected !== undefined && pipeline.identifier !== expected) {
      throw new AppError('INVALID_REQUEST', `the YAML names pipeline "${pipeline.identifier}", the request "${expected}"; identifiers cannot be changed, make both the same`, { fields: [{ field: 'pipeline.identifier', error: `must be "${expected}"` }] });
    }
    return { identifier: pipeline.identifier, name: pipeline.name, description: pipeline.description ?? null, tags: pipeline.tags ?? {}, yaml, stageNames: stages.map((stage) => stage.name) };
  }
}

function notFound(scope: ProjectScope, identifier: string): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no pipeline "${identifier}" in ${formatScope(scope)}`);
}
