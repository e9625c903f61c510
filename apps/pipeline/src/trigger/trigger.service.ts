import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type FieldError, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { AuditedDocuments } from '../audit/audited-documents.js';
import { AuditTrail, type AuditedChange } from '../audit/audit-trail.js';
import { Documents } from '../documents/documents.js';
import { InputSetRepository } from '../input-set/input-set.repository.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import { References } from '../reference/references.js';
import type { TriggerModel } from './trigger-yaml.js';
import { TriggerRepository, type NewTrigger, type Trigger, type TriggerFilter } from './trigger.repository.js';

export interface TriggerWrite {
  readonly yaml: string;
  /** Stores a trigger that could not start its pipeline (inputs with faults, `enabled: true`), and says so in `errors`. */
  readonly ignoresErrors: boolean;
}

const NOT_STARTING =
  'nothing starts a pipeline by itself yet, so the trigger is not enabled; write "enabled: false", and run the pipeline by POST /pipeline/api/pipeline/execute/{pipelineIdentifier}';

/** What starts a pipeline by itself, as people write and store it. Starting is not built, so no trigger is stored as enabled. */
@Injectable()
export class TriggerService {
  constructor(
    @Inject(TriggerRepository) private readonly triggers: TriggerRepository,
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(InputSetRepository) private readonly inputSets: InputSetRepository,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(References) private readonly references: References,
    @Inject(Documents) private readonly documents: Documents,
  ) {}

  /** @throws AppError ENTITY_NOT_FOUND (pipeline), INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, INVALID_REQUEST (inputs), NOT_IMPLEMENTED (`enabled: true`), DUPLICATE_FIELD */
  async create(ctx: RequestContext, scope: ProjectScope, target: string, write: TriggerWrite): Promise<Trigger> {
    const trigger = await this.read(scope, target, write);
    const shown = await new AuditedDocuments(this.documents, scope.accountId).prepare('trigger', undefined, trigger);
    try {
      await this.stored(ctx, scope, trigger, async ({ manager, record }) => {
        await this.triggers.within(manager).insert(scope, trigger, Date.now());
        await record(ctx, {
          action: 'create',
          resourceType: 'trigger',
          identifier: trigger.identifier,
          scope,
          ...shown,
          details: { pipelineIdentifier: target },
        });
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError(
        'DUPLICATE_FIELD',
        `trigger "${trigger.identifier}" exists already for pipeline "${target}" in ${formatScope(scope)}; choose another identifier or update it`,
        { fields: [{ field: 'trigger.identifier', error: 'is taken' }] },
      );
    }
    return this.get(scope, target, trigger.identifier);
  }

  /** @param version from `If-Match`; undefined overwrites whatever is there @throws AppError as {@link create}, OPTIMISTIC_LOCK */
  async update(
    ctx: RequestContext,
    scope: ProjectScope,
    target: string,
    identifier: string,
    write: TriggerWrite,
    version: number | undefined,
  ): Promise<Trigger> {
    const trigger = await this.read(scope, target, write);
    if (trigger.identifier !== identifier) {
      throw new AppError(
        'INVALID_REQUEST',
        `the YAML names trigger "${trigger.identifier}", the request "${identifier}"; identifiers cannot be changed, make both the same`,
        { fields: [{ field: 'trigger.identifier', error: `must be "${identifier}"` }] },
      );
    }
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    const prepare = async (): Promise<void> => {
      const seen = await this.triggers.find(scope, target, identifier);
      if (seen) await audited.prepare('trigger', seen, trigger);
    };
    await audited.during(prepare, () =>
      this.stored(ctx, scope, trigger, async ({ manager, record }) => {
        const triggers = this.triggers.within(manager);
        const before = await triggers.findLocked(scope, target, identifier);
        if (!before || !(await triggers.replace(scope, trigger, Date.now(), version)))
          throw await this.conflict(scope, target, identifier, version);
        await record(ctx, {
          action: 'update',
          resourceType: 'trigger',
          identifier,
          scope,
          ...audited.of('trigger', before, trigger),
          details: { pipelineIdentifier: target },
        });
      }),
    );
    return this.get(scope, target, identifier);
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async get(scope: ProjectScope, target: string, identifier: string): Promise<Trigger> {
    const trigger = await this.triggers.find(scope, target, identifier);
    if (!trigger)
      throw new AppError(
        'ENTITY_NOT_FOUND',
        `there is no trigger "${identifier}" of pipeline "${target}" in ${formatScope(scope)}`,
      );
    return trigger;
  }

  /** @param version as for {@link update} @throws AppError ENTITY_NOT_FOUND, OPTIMISTIC_LOCK */
  async delete(
    ctx: RequestContext,
    scope: ProjectScope,
    target: string,
    identifier: string,
    version: number | undefined,
  ): Promise<void> {
    const audited = new AuditedDocuments(this.documents, scope.accountId);
    const prepare = async (): Promise<void> => {
      const seen = await this.triggers.find(scope, target, identifier);
      if (seen) await audited.prepare('trigger', seen, undefined);
    };
    await audited.during(prepare, () =>
      this.audit.run(async ({ manager, record }) => {
        const triggers = this.triggers.within(manager);
        const before = await triggers.findLocked(scope, target, identifier);
        if (!before || !(await triggers.delete(scope, target, identifier, version)))
          throw await this.conflict(scope, target, identifier, version);
        await record(ctx, {
          action: 'delete',
          resourceType: 'trigger',
          identifier,
          scope,
          ...audited.of('trigger', before, undefined),
          details: { pipelineIdentifier: target },
        });
      }),
    );
    await this.references.forget(ctx, [{ scope, kind: 'trigger', pipelineIdentifier: target, identifier }]);
  }

  /** @throws AppError ENTITY_NOT_FOUND (pipeline) */
  async list(
    scope: ProjectScope,
    target: string,
    filter: TriggerFilter,
    page: number,
    size: number,
  ): Promise<{ rows: Trigger[]; total: number }> {
    await this.requirePipeline(scope, target);
    return this.triggers.list(scope, target, filter, page, size);
  }

  private stored(
    ctx: RequestContext,
    scope: ProjectScope,
    { target, identifier, yaml }: NewTrigger,
    work: (change: AuditedChange) => Promise<void>,
  ): Promise<void> {
    return this.references.whileStoring(
      ctx,
      { scope, kind: 'trigger', pipelineIdentifier: target, identifier },
      yaml,
      () => this.audit.run(work),
    );
  }

  private async read(scope: ProjectScope, target: string, { yaml, ignoresErrors }: TriggerWrite): Promise<NewTrigger> {
    await this.requirePipeline(scope, target);
    const {
      inputSetRefs: _refs,
      inputYaml: _yaml,
      ...model
    } = await this.checked(
      scope,
      target,
      await this.documents.read(scope.accountId, 'trigger', yaml, scope, target),
      ignoresErrors,
    );
    return { ...model, tags: { ...model.tags }, target, yaml };
  }

  /** Can it start, and are the inputs there that it would start the pipeline with? */
  private async checked(
    scope: ProjectScope,
    target: string,
    model: TriggerModel,
    ignoresErrors: boolean,
  ): Promise<TriggerModel & { readonly errors: Record<string, string> }> {
    const enabled: FieldError[] = model.isEnabled ? [{ field: 'trigger.enabled', error: NOT_STARTING }] : [];
    if (model.isEnabled && !ignoresErrors)
      throw new AppError('NOT_IMPLEMENTED', `trigger.enabled: ${NOT_STARTING}`, { fields: enabled });
    const faults = [
      ...enabled,
      ...(await this.missingInputSets(scope, target, model)),
      ...(await this.inputFaults(scope, model)),
    ];
    if (faults.length > 0 && !ignoresErrors)
      throw new AppError(
        'INVALID_REQUEST',
        `the trigger could not start its pipeline: ${faults.map(({ field, error }) => `${field}: ${error}`).join('; ')}`,
        { fields: faults },
      );
    return { ...model, isEnabled: false, errors: Object.fromEntries(faults.map(({ field, error }) => [field, error])) };
  }

  private async missingInputSets(
    scope: ProjectScope,
    target: string,
    { inputSetRefs }: TriggerModel,
  ): Promise<FieldError[]> {
    const found = await Promise.all(inputSetRefs.map((identifier) => this.inputSets.find(scope, target, identifier)));
    return inputSetRefs.flatMap((identifier, index) =>
      found[index]
        ? []
        : [
            {
              field: `trigger.inputSetRefs[${index}]`,
              error: `pipeline "${target}" has no input set "${identifier}"; create it or take it off`,
            },
          ],
    );
  }

  private async inputFaults(scope: ProjectScope, { inputYaml }: TriggerModel): Promise<FieldError[]> {
    if (inputYaml === null || inputYaml.trim() === '') return [];
    const fault = await this.documents.read(scope.accountId, 'inputFault', inputYaml);
    return fault === null ? [] : [{ field: 'trigger.inputYaml', error: fault }];
  }

  private async requirePipeline(scope: ProjectScope, identifier: string): Promise<void> {
    if (!(await this.pipelines.find(scope, identifier)))
      throw new AppError(
        'ENTITY_NOT_FOUND',
        `targetIdentifier: there is no pipeline "${identifier}" in ${formatScope(scope)}`,
        { fields: [{ field: 'targetIdentifier', error: 'names no pipeline' }] },
      );
  }

  private async conflict(
    scope: ProjectScope,
    target: string,
    identifier: string,
    version: number | undefined,
  ): Promise<AppError> {
    const current = await this.get(scope, target, identifier);
    return new AppError(
      'OPTIMISTIC_LOCK',
      `trigger "${identifier}" has version ${current.version}, not ${String(version)}; read it again and repeat the change`,
    );
  }
}
