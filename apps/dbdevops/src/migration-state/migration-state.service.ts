import { Inject, Injectable } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import type { instanceMigrationState, MigrationStateIn, schemaMigrationState } from '@sluice/dbdevops-api';
import { AppError, type ProjectScope } from '@sluice/kernel';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { toSeconds, type DbSchema } from '../db-schema/db-schema.js';
import { requireRun } from '../later-work/not-served.js';
import type { ChangesetAcrossInstances, StateCell, StateColumn, StatePage } from './migration-state.repository.js';

type SchemaState = RouteResult<typeof schemaMigrationState>;
type InstanceState = RouteResult<typeof instanceMigrationState>;

/** What is deployed where, for people. */
@Injectable()
export class MigrationStateService {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
  ) {}

  async ofSchema(
    scope: ProjectScope,
    schemaIdentifier: string,
    filter: MigrationStateIn['instanceFilter'],
    page: StatePage,
  ): Promise<SchemaState> {
    const schema = await this.instances.schemaOf(scope, schemaIdentifier);
    requireRun(schema);
    const { items: shown, total: instanceCount } = await this.columns(scope, schema, filter, page.limit);
    const { items, total } = await this.work.read.migrationStates.acrossInstances(
      scope,
      schema.id,
      shown.map(({ id }) => id),
      page,
    );
    return {
      body: {
        schema: schema.identifier,
        instances: shown.map(({ identifier, name, unknownSince }) => ({
          identifier,
          name,
          stateUnknownSince: secondsOf(unknownSince),
        })),
        instanceCount,
        changeSets: items.map((changeset) => changeSetOut(changeset, shown)),
      },
      total,
      page: page.page,
      limit: page.limit,
    };
  }

  /** The instances to show beside a page of `limit` changesets or migrations, and how many there are. @throws AppError INVALID_REQUEST for a named one the schema does not have */
  async columns(
    scope: ProjectScope,
    schema: DbSchema,
    filter: MigrationStateIn['instanceFilter'],
    limit: number,
  ): Promise<{ readonly items: StateColumn[]; readonly total: number }> {
    const { migrationStates } = this.work.read;
    const missing = filter?.instances && (await migrationStates.firstUnknown(scope, schema.id, filter.instances));
    if (missing !== undefined)
      throw new AppError(
        'INVALID_REQUEST',
        `instanceFilter.instances names [${missing}], which schema [${schema.identifier}] does not have`,
      );
    return migrationStates.instances(scope, schema.id, filter, columnsOf(filter, limit));
  }

  async ofInstance(
    scope: ProjectScope,
    schemaIdentifier: string,
    instanceIdentifier: string,
    page: StatePage,
  ): Promise<InstanceState> {
    const { schema, instance } = await this.instances.find(scope, schemaIdentifier, instanceIdentifier);
    requireRun(schema);
    const { items, total } = await this.work.read.migrationStates.onInstance(scope, schema.id, instance.id, page);
    const changeSets = items.map(({ fqn, id, file, deployedAt, tag, label, comment, ...rest }) => ({
      ...rest,
      changeSet: id,
      changeSetFQN: fqn,
      fileName: file,
      deployedAt: deployedAt === null ? 0 : toSeconds(deployedAt),
      tag: tag ?? undefined,
      label: label ?? undefined,
      comment: comment ?? undefined,
    }));
    return {
      body: {
        schemaName: schema.name,
        instanceName: instance.name,
        stateUnknownSince: secondsOf(instance.unknownSince),
        changeSets,
      },
      total,
      page: page.page,
      limit: page.limit,
    };
  }

  /** Which changeset ids exist in the schema. */
  async existence(
    scope: ProjectScope,
    schemaIdentifier: string,
    ids: readonly string[],
  ): Promise<Record<string, boolean>> {
    const schema = await this.instances.schemaOf(scope, schemaIdentifier);
    requireRun(schema);
    const known = await this.work.read.migrationStates.knownIds(scope, schema.id, ids);
    return Object.fromEntries(ids.map((id) => [id, known.has(id)]));
  }

  /** @throws AppError RESOURCE_NOT_FOUND always: what a changeset contains is not recorded, only what became of it */
  async contentOf(
    scope: ProjectScope,
    schemaIdentifier: string,
    instanceIdentifier: string,
    fqn: string,
  ): Promise<never> {
    const { schema, instance } = await this.instances.find(scope, schemaIdentifier, instanceIdentifier);
    requireRun(schema);
    const isKnown = await this.work.read.migrationStates.knows(scope, instance.id, fqn);
    if (!isKnown)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `changeset [${fqn}] is not known on instance [${instanceIdentifier}]; write it as file::id::author`,
      );
    throw new AppError(
      'RESOURCE_NOT_FOUND',
      `the content of changeset [${fqn}] was not recorded; read it in the changelog's repository`,
    );
  }
}

/** Cells one answer may hold: more take longer than a person waits for a page. */
const MOST_CELLS = 10_000;

/** Which instances are shown beside a page of `limit` changesets. Depends on the page size alone, so that every page has the same columns. */
export function columnsOf(
  filter: MigrationStateIn['instanceFilter'],
  limit: number,
): { readonly offset: number; readonly limit: number } {
  const most = Math.floor(MOST_CELLS / limit);
  const wanted = Math.min(filter?.limit ?? most, most);
  return { offset: (filter?.page ?? 0) * wanted, limit: wanted };
}

const NOT_DEPLOYED = { status: 'Not_Deployed', pipeline: '', planExecutionId: '', stageExecutionId: '' } as const;

function changeSetOut(
  changeset: ChangesetAcrossInstances,
  columns: readonly StateColumn[],
): SchemaState['body']['changeSets'][number] {
  return {
    changeSet: changeset.id,
    changeSetFQN: changeset.fqn,
    author: changeset.author,
    fileName: changeset.file,
    synced: changeset.isSynced,
    updated: toSeconds(changeset.updatedAt),
    instances: columns.map(({ id, identifier }) => cellOut(identifier, changeset.cells.get(id))),
  };
}

function cellOut(
  instance: string,
  cell: StateCell | undefined,
): SchemaState['body']['changeSets'][number]['instances'][number] {
  if (!cell) return { instance, ...NOT_DEPLOYED };
  const { status, updatedAt, error, pipeline, planExecutionId, stageExecutionId, tag } = cell;
  return {
    instance,
    status,
    updated: toSeconds(updatedAt),
    error: error || undefined,
    pipeline,
    planExecutionId,
    stageExecutionId,
    tag: tag || undefined,
  };
}

function secondsOf(unknownSince: number | null): number | undefined {
  return unknownSince === null ? undefined : toSeconds(unknownSince);
}
