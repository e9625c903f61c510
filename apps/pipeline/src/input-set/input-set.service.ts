import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { inputTemplate, listInputs, mergeInputs, parseYaml } from '@sluice/pipeline-engine';
import { stringify } from 'yaml';
import { z } from 'zod';
import { PipelineRepository, type Pipeline } from '../pipeline/pipeline.repository.js';
import { InputSetRepository, type InputSet, type NewInputSet } from './input-set.repository.js';

const inputSetYaml = z.object({
  inputSet: z.object({
    identifier: z.string().regex(/^[a-zA-Z_][0-9a-zA-Z_]{0,127}$/, 'must start with a letter or underscore and hold only letters, digits and underscores'),
    name: z.string().min(1).max(128),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    orgIdentifier: z.string().optional(),
    projectIdentifier: z.string().optional(),
    pipeline: z.looseObject({ identifier: z.string() }),
  }),
});

/** Stored runtime inputs of a pipeline. */
@Injectable()
export class InputSetService {
  constructor(
    @Inject(InputSetRepository) private readonly inputSets: InputSetRepository,
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
  ) {}

  /** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, ENTITY_NOT_FOUND (pipeline), DUPLICATE_FIELD */
  async create(_ctx: RequestContext, scope: ProjectScope, pipelineIdentifier: string, yaml: string): Promise<InputSet> {
    await this.pipeline(scope, pipelineIdentifier);
    const set = read(scope, pipelineIdentifier, yaml);
    try {
      await this.inputSets.insert(scope, set, Date.now());
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('DUPLICATE_FIELD', `input set "${set.identifier}" exists already for pipeline "${pipelineIdentifier}"; choose another identifier or update it`);
    }
    return this.get(scope, pipelineIdentifier, set.identifier);
  }

  /** @throws AppError as {@link create}, OPTIMISTIC_LOCK */
  async update(_ctx: RequestContext, scope: ProjectScope, pipelineIdentifier: string, identifier: string, yaml: string, version: number | undefined): Promise<InputSet> {
    const set = read(scope, pipelineIdentifier, yaml);
    if (set.identifier !== identifier) throw new AppError('INVALID_REQUEST', `the YAML names input set "${set.identifier}", the request "${identifier}"; make both the same`);
    if (!(await this.inputSets.replace(scope, set, Date.now(), version))) {
      const current = await this.get(scope, pipelineIdentifier, identifier);
      throw new AppError('OPTIMISTIC_LOCK', `input set "${identifier}" has version ${current.version}, not ${String(version)}; read it again and repeat the change`);
    }
    return this.get(scope, pipelineIdentifier, identifier);
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async get(scope: ProjectScope, pipelineIdentifier: string, identifier: string): Promise<InputSet> {
    const set = await this.inputSets.find(scope, pipelineIdentifier, identifier);
    if (!set) throw notFound(scope, pipelineIdentifier, identifier);
    return set;
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async delete(_ctx: RequestContext, scope: ProjectScope, pipelineIdentifier: string, identifier: string): Promise<void> {
    if (!(await this.inputSets.delete(scope, pipelineIdentifier, identifier))) throw notFound(scope, pipelineIdentifier, identifier);
  }

  async list(scope: ProjectScope, pipelineIdentifier: string, searchTerm: string | undefined, page: number, size: number): Promise<{ rows: InputSet[]; total: number }> {
    await this.pipeline(scope, pipelineIdentifier);
    return this.inputSets.list(scope, pipelineIdentifier, searchTerm, page, size);
  }

  /** Runtime input YAML made of stored sets, later ones over earlier ones; empty for none. */
  async merged(scope: ProjectScope, pipelineIdentifier: string, references: readonly string[]): Promise<string> {
    await this.pipeline(scope, pipelineIdentifier);
    if (references.length === 0) return '';
    const sets = await Promise.all(references.map((identifier) => this.get(scope, pipelineIdentifier, identifier)));
    return stringify({ pipeline: mergeInputs(sets.map(({ yaml }) => pipelineOf(yaml))) });
  }

  /** The pipeline's runtime inputs as YAML, or null when it has none. */
  async template(scope: ProjectScope, pipelineIdentifier: string): Promise<{ template: string | null; expressions: string[]; hasInputSets: boolean }> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    const { total } = await this.inputSets.list(scope, pipelineIdentifier, undefined, 0, 1);
    return { template: inputTemplate(pipeline.yaml) ?? null, expressions: listInputs(pipeline.yaml).map(({ path }) => path), hasInputSets: total > 0 };
  }

  /** Does a set still fit: does every pipeline input it could fill exist? */
  async isOutdated(scope: ProjectScope, set: InputSet): Promise<boolean> {
    const pipeline = await this.pipelines.find(scope, set.pipelineIdentifier);
    return pipeline !== undefined && inputTemplate(pipeline.yaml) === undefined;
  }

  private async pipeline(scope: ProjectScope, identifier: string): Promise<Pipeline> {
    const pipeline = await this.pipelines.find(scope, identifier);
    if (!pipeline) throw new AppError('ENTITY_NOT_FOUND', `there is no pipeline "${identifier}" in ${formatScope(scope)}`);
    return pipeline;
  }
}

function read(scope: ProjectScope, pipelineIdentifier: string, yaml: string): NewInputSet {
  const parsed = inputSetYaml.safeParse(parseYaml(yaml, 'the input set').value);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => ({ field: issue.path.join('.'), error: issue.message }));
    throw new AppError('SCHEMA_VALIDATION_FAILED', `the input set is not valid: ${fields.map(({ field, error }) => `${field}: ${error}`).join('; ')}`, { fields });
  }
  const { inputSet } = parsed.data;
  for (const [key, found, wanted] of [['pipeline.identifier', inputSet.pipeline.identifier, pipelineIdentifier], ['orgIdentifier', inputSet.orgIdentifier, scope.orgId], ['projectIdentifier', inputSet.projectIdentifier, scope.projectId]] as const) {
    if (found !== undefined && found !== wanted) throw new AppError('INVALID_REQUEST', `inputSet.${key} is "${found}", the request says "${wanted}"; make both the same`);
  }
  return { pipelineIdentifier, identifier: inputSet.identifier, name: inputSet.name, description: inputSet.description ?? null, tags: inputSet.tags ?? {}, yaml };
}

function pipelineOf(yaml: string): unknown {
  const parsed = inputSetYaml.safeParse(parseYaml(yaml, 'the input set').value);
  return parsed.success ? parsed.data.inputSet.pipeline : undefined;
}

function notFound(scope: ProjectScope, pipelineIdentifier: string, identifier: string): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no input set "${identifier}" of pipeline "${pipelineIdentifier}" in ${formatScope(scope)}`);
}
