import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { describeProblem, type Problem } from '@sluice/pipeline-engine';
import { AuditedDocuments } from '../audit/audited-documents.js';
import { AuditTrail, type AuditedChange } from '../audit/audit-trail.js';
import type { Sort } from '../database/list-query.js';
import { PipelineRepository, type Pipeline } from '../pipeline/pipeline.repository.js';
import type { PipelineSays } from '../pipeline/pipeline.service.js';
import { Documents } from '../documents/documents.js';
import { References } from '../reference/references.js';
import { InputSetFits } from './input-set-fits.js';
import {
  InputSetRepository,
  type NewInputSet,
  type InputSet,
  type InputSetFilter,
  type InputSetSortColumn,
  type InputSetType,
} from './input-set.repository.js';
import type { Asked, Merged, Merging, StoredInput } from './merging.js';

/** What of a set no longer fits its pipeline: places of an input set, or references of an overlay with the reason. */
export interface InputSetFaults {
  readonly problems: readonly Problem[];
  readonly references: Readonly<Record<string, string>>;
}

export interface MergeRequest extends Pick<Merging, 'inputYaml' | 'stages' | 'form' | 'withPipeline'> {
  /** Identifiers of stored sets, later ones over earlier ones; an overlay stands for its sets. */
  readonly references: readonly string[];
}

/** What a pipeline, or some stages of it, ask for. */
export interface InputTemplate extends Asked {
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
    this.fits = new InputSetFits((account, yaml, sets) => documents.faults(account, yaml, sets));
  }

  /** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, INVALID_REQUEST, ENTITY_NOT_FOUND (pipeline), DUPLICATE_FIELD */
  async create(
    ctx: RequestContext,
    scope: ProjectScope,
    pipelineIdentifier: string,
    type: InputSetType,
    yaml: string,
    says?: PipelineSays,
  ): Promise<InputSet> {
    await this.pipeline(scope, pipelineIdentifier);
    const set = await this.documents.read(scope.accountId, 'inputSet', scope, pipelineIdentifier, type, yaml, says);
    await this.requireReferences(scope, pipelineIdentifier, set.references);
    const shown = await new AuditedDocuments(this.documents, scope.accountId).prepare('inputSet', undefined, set);
    try {
      await this.stored(ctx, scope, set, async ({ manager, record }) => {
        if (!(await this.pipelines.within(manager).keep(scope, pipelineIdentifier)))
          throw noPipeline(scope, pipelineIdentifier);
        await this.inputSets.within(manager).insert(scope, set, Date.now());
        await record(ctx, {
          action: 'create',
          resourceType: 'inputSet',
          identifier: set.identifier,
          scope,
          ...shown,
          details: { pipelineIdentifier },
        });
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError(
        'DUPLICATE_FIELD',
        `input set "${set.identifier}" exists already for pipeline "${pipelineIdentifier}"; choose another identifier or update it`,
        { fields: [{ field: 'identifier', error: 'is taken' }] },
      );
    }
    return this.get(scope, pipelineIdentifier, set.identifier, type);
  }

  /** @param version from `If-Match` @throws AppError as {@link create}, OPTIMISTIC_LOCK */
  async update(
    ctx: RequestContext,
    scope: ProjectScope,
    pipelineIdentifier: string,
    type: InputSetType,
    says: PipelineSays,
    yaml: string,
    version: number | undefined,
  ): Promise<InputSet> {
    const set = await this.documents.read(scope.accountId, 'inputSet', scope, pipelineIdentifier, type, yaml, says);
    await this.requireReferences(scope, pipelineIdentifier, set.references);
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    const prepare = async (): Promise<void> => {
      const seen = await this.inputSets.find(scope, pipelineIdentifier, says.identifier);
      if (seen) await audited.prepare('inputSet', seen, set);
    };
    await audited.during(prepare, () =>
      this.stored(ctx, scope, set, async ({ manager, record }) => {
        const inputSets = this.inputSets.within(manager);
        const before = await inputSets.findLocked(scope, pipelineIdentifier, says.identifier);
        if (!before || !(await inputSets.replace(scope, set, Date.now(), version)))
          return this.refuse(scope, pipelineIdentifier, says.identifier, type, version);
        await record(ctx, {
          action: 'update',
          resourceType: 'inputSet',
          identifier: says.identifier,
          scope,
          ...audited.of('inputSet', before, set),
          details: { pipelineIdentifier },
        });
      }),
    );
    return this.get(scope, pipelineIdentifier, says.identifier, type);
  }

  private stored(
    ctx: RequestContext,
    scope: ProjectScope,
    { pipelineIdentifier, identifier, yaml }: NewInputSet,
    work: (change: AuditedChange) => Promise<void>,
  ): Promise<void> {
    return this.references.whileStoring(ctx, { scope, kind: 'inputSet', pipelineIdentifier, identifier }, yaml, () =>
      this.audit.run(work),
    );
  }

  /** @throws AppError ENTITY_NOT_FOUND, also for a set of the other type */
  async get(
    scope: ProjectScope,
    pipelineIdentifier: string,
    identifier: string,
    type?: InputSetType,
  ): Promise<InputSet> {
    const set = await this.inputSets.find(scope, pipelineIdentifier, identifier);
    if (!set || (type !== undefined && set.type !== type)) throw notFound(scope, pipelineIdentifier, identifier, type);
    return set;
  }

  /** @param version from `If-Match` @throws AppError ENTITY_NOT_FOUND, OPTIMISTIC_LOCK */
  async delete(
    ctx: RequestContext,
    scope: ProjectScope,
    pipelineIdentifier: string,
    identifier: string,
    version: number | undefined,
    type?: InputSetType,
  ): Promise<void> {
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    const prepare = async (): Promise<void> =>
      void (await audited.prepare('inputSet', await this.get(scope, pipelineIdentifier, identifier, type), undefined));
    await audited.during(prepare, () =>
      this.audit.run(async ({ manager, record }) => {
        const inputSets = this.inputSets.within(manager);
        const before = await inputSets.findLocked(scope, pipelineIdentifier, identifier);
        if (!before || !(await inputSets.delete(scope, pipelineIdentifier, identifier, version)))
          return this.refuse(scope, pipelineIdentifier, identifier, type, version);
        await record(ctx, {
          action: 'delete',
          resourceType: 'inputSet',
          identifier,
          scope,
          ...audited.of('inputSet', before, undefined),
          details: { pipelineIdentifier },
        });
      }),
    );
    await this.references.forget(ctx, [{ scope, kind: 'inputSet', pipelineIdentifier, identifier }]);
  }

  /** @throws AppError ENTITY_NOT_FOUND for the pipeline */
  async list(
    scope: ProjectScope,
    pipelineIdentifier: string,
    filter: InputSetFilter,
    sort: readonly Sort<InputSetSortColumn>[],
    page: number,
    size: number,
  ): Promise<{ rows: InputSet[]; total: number }> {
    await this.pipeline(scope, pipelineIdentifier);
    return this.inputSets.list(scope, pipelineIdentifier, filter, sort, page, size);
  }

  /** What of each set no longer fits, in their order. A set of a pipeline that is gone fits nothing. */
  async faultsOf(
    scope: ProjectScope,
    pipelineIdentifier: string,
    sets: readonly InputSet[],
  ): Promise<InputSetFaults[]> {
    const pipeline = await this.pipelines.find(scope, pipelineIdentifier);
    const referenced = await this.inputSets.findAll(scope, pipelineIdentifier, [
      ...new Set(sets.flatMap(({ references }) => references)),
    ]);
    const alone = sets.filter(({ type }) => type === 'INPUT_SET');
    const problems =
      pipeline &&
      (await this.fits.forPipeline(scope, pipeline, [
        ...new Map([...referenced, ...alone.map((set) => [set.identifier, set] as const)]).values(),
      ]));
    const problemsOf = ({ identifier }: InputSet): readonly Problem[] =>
      problems
        ? (problems.get(identifier) ?? [])
        : [{ path: 'pipeline', message: 'is gone', remedy: 'delete the input set' }];
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

  /** Runtime input of a run that names stored sets, given over them. @returns YAML; empty for none @throws AppError ENTITY_NOT_FOUND, INVALID_YAML_ERROR, INVALID_REQUEST */
  async runInput(
    scope: ProjectScope,
    pipelineIdentifier: string,
    references: readonly string[],
    inputYaml: string,
  ): Promise<string> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    return this.documents.runInput(
      scope.accountId,
      pipeline.yaml,
      await this.setsOf(scope, pipelineIdentifier, references),
      inputYaml,
    );
  }

  /** Sets and runtime input together, for all or some stages. @throws AppError ENTITY_NOT_FOUND, INVALID_YAML_ERROR, INVALID_REQUEST for stages there are not */
  async merge(
    scope: ProjectScope,
    pipelineIdentifier: string,
    { references, ...request }: MergeRequest,
  ): Promise<Merged> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    return this.documents.merge(scope.accountId, {
      ...request,
      pipelineYaml: pipeline.yaml,
      sets: await this.setsOf(scope, pipelineIdentifier, references),
    });
  }

  /** The pipeline's inputs, for all or some stages. @throws AppError ENTITY_NOT_FOUND, INVALID_REQUEST for stages there are not */
  async template(scope: ProjectScope, pipelineIdentifier: string, stages: readonly string[]): Promise<InputTemplate> {
    const pipeline = await this.pipeline(scope, pipelineIdentifier);
    const asked = await this.documents.read(scope.accountId, 'asked', pipeline.yaml, stages);
    return { ...asked, hasInputSets: await this.inputSets.has(scope, pipelineIdentifier) };
  }

  /** An overlay stands for its sets. @throws AppError ENTITY_NOT_FOUND */
  private async setsOf(
    scope: ProjectScope,
    pipelineIdentifier: string,
    references: readonly string[],
  ): Promise<StoredInput[]> {
    const known = new Map(await this.inputSets.findAll(scope, pipelineIdentifier, references));
    const inside = references.flatMap((reference) => known.get(reference)?.references ?? []);
    for (const [identifier, set] of await this.inputSets.findAll(scope, pipelineIdentifier, inside))
      known.set(identifier, set);
    return references.flatMap((reference) => {
      const set = known.get(reference);
      const names = set?.type === 'OVERLAY_INPUT_SET' ? set.references : [reference];
      return names.map((name) => {
        const one = known.get(name);
        if (!one) throw notFound(scope, pipelineIdentifier, name, undefined);
        return { identifier: one.identifier, yaml: one.yaml };
      });
    });
  }

  private async requireReferences(
    scope: ProjectScope,
    pipelineIdentifier: string,
    references: readonly string[],
  ): Promise<void> {
    const known = await this.inputSets.findAll(scope, pipelineIdentifier, references);
    const missing = references.filter((reference) => known.get(reference)?.type !== 'INPUT_SET');
    if (missing.length === 0) return;
    throw new AppError(
      'INVALID_REQUEST',
      `pipeline "${pipelineIdentifier}" has no input set ${missing.map((name) => `"${name}"`).join(', ')}; create it first, or take it out of inputSetReferences`,
      {
        fields: missing.map((name) => ({
          field: 'overlayInputSet.inputSetReferences',
          error: `there is no input set "${name}"`,
        })),
      },
    );
  }

  private async refuse(
    scope: ProjectScope,
    pipelineIdentifier: string,
    identifier: string,
    type: InputSetType | undefined,
    version: number | undefined,
  ): Promise<never> {
    const current = await this.get(scope, pipelineIdentifier, identifier, type);
    throw new AppError(
      'OPTIMISTIC_LOCK',
      `input set "${identifier}" has version ${current.version}, not ${String(version)}; read it again and repeat the change`,
    );
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

function notFound(
  scope: ProjectScope,
  pipelineIdentifier: string,
  identifier: string,
  type: InputSetType | undefined,
): AppError {
  return new AppError(
    'ENTITY_NOT_FOUND',
    `there is no ${type === 'OVERLAY_INPUT_SET' ? 'overlay ' : ''}input set "${identifier}" of pipeline "${pipelineIdentifier}" in ${formatScope(scope)}`,
  );
}
