import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { chooseStages, describeProblem, inputRoot, inputTemplate, mergeInputs, templateWith, type FittedInput, type Problem } from '@sluice/pipeline-engine';
import { stringify } from 'yaml';
import { stateOf } from '../audit/audited-state.js';
import { AuditTrail, type AuditedChange } from '../audit/audit-trail.js';
import type { Sort } from '../database/list-query.js';
import { PipelineRepository, type Pipeline } from '../pipeline/pipeline.repository.js';
import type { PipelineSays } from '../pipeline/pipeline.service.js';
import { Documents } from '../documents/documents.js';
import { References } from '../reference/references.js';
import { InputSetFits } from './input-set-fits.js';
import { inputOfSet, readInputSet } from './input-set-yaml.js';
import { InputSetRepository, type NewInputSet, type InputSet, type InputSetFilter, type InputSetSortColumn, type InputSetType } from './input-set.repository.js';

/** What of a set no longer fits its pipeline: places of an input set, or references of an overlay with the reason. */
export interface InputSetFaults {
  readonly problems: readonly Problem[];
  readonly references: Readonly<Record<string, string>>;
}

/** Runtime input made of stored sets. */
export interface MergedSets {
  /** The `pipeline` part, only with what the pipeline asks for; undefined when nothing is. */
  readonly input: unknown;
  readonly problems: readonly (Problem & { readonly set: string })[];
}

export interface MergeRequest {
  readonly references: readonly string[];
  /** Runtime input laid over the sets; empty for none. */
  readonly inputYaml: string;
  /** Stages whose inputs are kept; empty for all. */
  readonly stages: readonly string[];
}

/** What a merge gave, as the `pipeline` part of documents. */
export interface MergeResult extends MergedSets {
  /** YAML of the pipeline it was made for: with the chosen stages only. */
  readonly pipelineYaml: string;
}

/** What a pipeline, or some stages of it, ask for. */
export interface InputTemplate {
  /** YAML with root `pipeline`; null for a pipeline without inputs. */
  readonly template: string | null;
  /** YAML of the pipeline it was made for: with the chosen stages only. */
  readonly pipelineYaml: string;
  /** What the chosen stages read from others. */
  readonly replacedExpressions: readonly string[];
  readonly replacedByStage: Readonly<Record<string, readonly string[]>>;
  readonly hasInputSets: boolean;
}

/** Stored runtime inputs of a pipeline. */
@Injectable()
export class InputSetService {
  private readonly fits: InputSetFits;

  constructor(
    @Inject(InputSetRepository) private readonly inputSets: InputSetRepository,
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(References) private readonly references: References,
    @Inject(Documents) private readonly documents: Documents,
  ) {
    this.fits = new InputSetFits((account, yaml, inputs) => documents.fit(account, yaml, inputs));
  }

  /** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, INVALID_REQUEST, ENTITY_NOT_FOUND (pipeline), DUPLICATE_FIELD */
  async create(ctx: RequestContext, scope: ProjectScope, pipelineIdentifier: string, type: InputSetType, yaml: string, says?: PipelineSays): Promise<InputSet> {
    await this.pipeline(scope, pipelineIdentifier);
    const set = readInputSet(scope, pipelineIdentifier, type, yaml, says);
    await this.requireReferences(scope, pipelineIdentifier, set.references);
    try {
      await this.stored(ctx, scope, set, async ({ manager, record }) => {
        if (!(await this.pipelines.within(manager).keep(scope, pipelineIdentifier))) throw noPipeline(scope, pipelineIdentifier);
        await this.inputSets.within(manager).insert(scope, set, Date.now());
        await record(ctx, { action: 'create', resourceType: 'inputSet', identifier: set.identifier, scope, after: stateOf(set), details: { pipelineIdentifier } });
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('DUPLICATE_FIELD', `input set "${set.identifier}" exists already for pipeline "${pipelineIdentifier}"; choose another identifier or update it`, { fields: [{ field: 'identifier', error: 'is taken' }] });
    }
    return this.get(scope, pipelineIdentifier, set.identifier, type);
  }

  /** @param version from `If-Match` @throws AppError as {@link create}, OPTIMISTIC_LOCK */
  async update(ctx: RequestContext, scope: ProjectScope, pipelineIdentifier: string, type: InputSetType, says: PipelineSays, yaml: string, version: number | undefined): Promise<InputSet> {
    const set = readInputSet(scope, pipelineIdentifier, type, yaml, says);
    await this.requireReferences(scope, pipelineIdentifier, set.references);
    await this.stored(ctx, scope, set, async ({ manager, record }) => {
      const inputSets = this.inputSets.within(manager);
      const before = await inputSets.findLocked(scope, pipelineIdentifier, says.identifier);
      if (!before || !(await inputSets.replace(scope, set, Date.now(), version))) return this.refuse(scope, pipelineIdentifier, says.identifier, type, version);
      await record(ctx, { action: 'update', resourceType: 'inputSet', identifier: says.identifier, scope, before: stateOf(before), after: stateOf(set), details: { pipelineIdentifier } });
    });
    return this.get(scope, pipelineIdentifier, says.identifier, type);
  }

  private stored(ctx: RequestContext, scope: ProjectScope, { pipelineIdentifier, identifier, yaml }: NewInputSet, work: (change: AuditedChange) => Promise<void>): Promise<void> {
    return this.references.whileStoring(ctx, { scope, kind: 'inputSet', pipelineIdentifier, identifier }, yaml, () => this.audit.run(work));
  }

  /** @throws AppError ENTITY_NOT_FOUND, also for a set of the other type */
  async get(scope: ProjectScope, pipelineIdentifier: string, identifier: string, type?: InputSetType): Promise<InputSet> {
    const set = await this.inputSets.find(scope, pipelineIdentifier, identifier);
    if (!set || (type !== undefined && set.type !== type)) throw notFound(scope, pipelineIdentifier, identifier, type);
    return set;
  }

  /** @param version from `If-Match` @throws AppError ENTITY_NOT_FOUND, OPTIMISTIC_LOCK */
  async delete(ctx: RequestContext, scope: ProjectScope, pipelineIdentifier: string, identifier: string, version: number | undefined, type?: InputSetType): Promise<void> {
    await this.get(scope, pipelineIdentifier, identifier, type);
    await this.audit.run(async ({ manager, record }) => {
      const inputSets = this.inputSets.within(manager);
      const before = await inputSets.findLocked(scope, pipelineIdentifier, identifier);
      if (!before || !(await inputSets.delete(scope, pipelineIdentifier, identifier, version))) return this.refuse(scope, pipelineIdentifier, identifier, type, version);
      await record(ctx, { action: 'delete', resourceType: 'inputSet', identifier, scope, before: stateOf(before), details: { pipelineIdentifier } });
    });
    await this.references.forget(ctx, [{ scope, kind: 'inputSet', pipelineIdentifier, identifier }]);
  }

  /** @throws AppError ENTITY_NOT_FOUND for the pipeline */
  async list(scope: ProjectScope, pipelineIdentifier: string, filter: InputSetFilter, sort: readonly Sort<InputSetSortColumn>[], page: number, size: number): Promise<{ rows: InputSet[]; total: number }> {
    await this.pipeline(scope, pipelineIdentifier);
    return this.inputSets.list(scope, pipelineIdentifier, filter, sort, page, size);
  }

  /** What of each set no longer fits, in their order. A set of a pipeline that is gone fits nothing. */
  async faultsOf(scope: ProjectScope, pipelineIdentifier: string, sets: readonly InputSet[]): Promise<InputSetFaults[]> {
    const pipeline = await this.pipelines.find(scope, pipelineIdentifier);
    const referenced = await this.inputSets.findAll(scope, pipelineIdentifier, [...new Set(sets.flatMap(({ references }) => references))]);
    const alone = sets.filter(({ type }) => type === 'INPUT_SET');
    const problems = pipeline && (await this.fits.forPipeline(scope, pipeline, [...new Map([...referenced, ...alone.map((set) => [set.identifier, set] as const)]).values()]));
    const problemsOf = ({ identifier }: InputSet): readonly Problem[] => (problems ? (problems.get(identifier) ?? []) : [{ path: 'pipeline', message: 'is gone', remedy: 'delete the input set' }]);
    return sets.map((set) => {
      if (set.type === 'INPUT_SET') return { problems: problemsOf(set), references: {} };
      const references = set.references.flatMap((reference) => {
        const other = referenced.get(reference);
        const [first] = other ? problemsOf(other) : [];
        if (!other) return [[reference, `there is no input set "${reference}"`] as const];
        return first ? [[reference, describeProblem(first)] as const] : [];
      });
      return { problems: [], references: Object.fromEntries(references) };
    });
  }

  /** Lays stored sets over each other, later ones over earlier ones; an overlay stands for its sets. @throws AppError ENTITY_NOT_FOUND */
  async merged(scope: ProjectScope, pipelineIdentifier: string, references: readonly string[]): Promise<MergedSets> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    return this.mergedOf(scope, pipeline, references);
  }

  /** Sets and runtime input together, for all or some stages. @throws AppError ENTITY_NOT_FOUND, INVALID_YAML_ERROR, INVALID_REQUEST for stages there are not */
  async merge(scope: ProjectScope, pipelineIdentifier: string, request: MergeRequest): Promise<MergeResult> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    const sets = await this.mergedOf(scope, pipeline, request.references);
    const given = await this.fitOne(scope, pipeline.yaml, inputRoot(request.inputYaml));
    const all = mergeInputs([sets.input, given.kept]);
    const problems = [...sets.problems, ...given.faults.map((problem) => ({ ...problem, set: 'runtimeInputYaml' }))];
    if (request.stages.length === 0) return { input: all, problems, pipelineYaml: pipeline.yaml };
    const { yaml } = chooseStages(pipeline.yaml, request.stages);
    return { input: (await this.fitOne(scope, yaml, all)).kept, problems, pipelineYaml: yaml };
  }

  /** The pipeline's inputs, for all or some stages, as YAML, or null when it has none. */
  async template(scope: ProjectScope, pipelineIdentifier: string, stages: readonly string[]): Promise<InputTemplate> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    const chosen = stages.length > 0 ? chooseStages(pipeline.yaml, stages) : { yaml: pipeline.yaml, openExpressions: [], openByStage: {} };
    return { template: inputTemplate(chosen.yaml) ?? null, pipelineYaml: chosen.yaml, replacedExpressions: chosen.openExpressions, replacedByStage: chosen.openByStage, hasInputSets: await this.inputSets.has(scope, pipelineIdentifier) };
  }

  private async mergedOf(scope: ProjectScope, pipeline: Pipeline, references: readonly string[]): Promise<MergedSets> {
    const known = new Map(await this.inputSets.findAll(scope, pipeline.identifier, references));
    const inside = references.flatMap((reference) => known.get(reference)?.references ?? []);
    for (const [identifier, set] of await this.inputSets.findAll(scope, pipeline.identifier, inside)) known.set(identifier, set);
    const sets = references.flatMap((reference) => {
      const set = known.get(reference);
      const names = set?.type === 'OVERLAY_INPUT_SET' ? set.references : [reference];
      return names.map((name) => {
        const one = known.get(name);
        if (!one) throw notFound(scope, pipeline.identifier, name, undefined);
        return one;
      });
    });
    const fits = await this.documents.fit(scope.accountId, pipeline.yaml, sets.map(({ yaml }) => inputOfSet(yaml)));
    const fitted = sets.flatMap(({ identifier }, index) => {
      const fit = fits[index];
      return fit ? [{ name: identifier, ...fit }] : [];
    });
    return { input: mergeInputs(fitted.map(({ kept }) => kept)), problems: fitted.flatMap(({ name, faults }) => faults.map((problem) => ({ ...problem, set: name }))) };
  }

  private async fitOne(scope: ProjectScope, yaml: string, input: unknown): Promise<FittedInput> {
    const [fit] = await this.documents.fit(scope.accountId, yaml, [input]);
    return fit ?? { kept: undefined, faults: [] };
  }

  private async requireReferences(scope: ProjectScope, pipelineIdentifier: string, references: readonly string[]): Promise<void> {
    const known = await this.inputSets.findAll(scope, pipelineIdentifier, references);
    const missing = references.filter((reference) => known.get(reference)?.type !== 'INPUT_SET');
    if (missing.length === 0) return;
    throw new AppError('INVALID_REQUEST', `pipeline "${pipelineIdentifier}" has no input set ${missing.map((name) => `"${name}"`).join(', ')}; create it first, or take it out of inputSetReferences`, {
      fields: missing.map((name) => ({ field: 'overlayInputSet.inputSetReferences', error: `there is no input set "${name}"` })),
    });
  }

  private async refuse(scope: ProjectScope, pipelineIdentifier: string, identifier: string, type: InputSetType | undefined, version: number | undefined): Promise<never> {
    const current = await this.get(scope, pipelineIdentifier, identifier, type);
    throw new AppError('OPTIMISTIC_LOCK', `input set "${identifier}" has version ${current.version}, not ${String(version)}; read it again and repeat the change`);
  }

  private async pipeline(scope: ProjectScope, identifier: string): Promise<Pipeline> {
    const pipeline = await this.pipelines.find(scope, identifier);
    if (!pipeline) throw noPipeline(scope, identifier);
    return pipeline;
  }
}

function noPipeline(scope: ProjectScope, identifier: string): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no pipeline "${identifier}" in ${formatScope(scope)}`);
}

/** Runtime input as a document; null for none. */
export function inputDocument(input: unknown): string | null {
  return input === undefined ? null : stringify({ pipeline: input });
}

/** The pipeline with what was merged in it; inputs without a value stay open. */
export function completeDocument({ pipelineYaml, input }: MergeResult): string {
  return stringify({ pipeline: mergeInputs([inputRoot(pipelineYaml), input]) });
}

/** The pipeline's template with what was merged in it; null for a pipeline without inputs. */
export function templateDocument({ pipelineYaml, input }: MergeResult): string | null {
  return inputDocument(templateWith(pipelineYaml, input));
}

function notFound(scope: ProjectScope, pipelineIdentifier: string, identifier: string, type: InputSetType | undefined): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no ${type === 'OVERLAY_INPUT_SET' ? 'overlay ' : ''}input set "${identifier}" of pipeline "${pipelineIdentifier}" in ${formatScope(scope)}`);
}
