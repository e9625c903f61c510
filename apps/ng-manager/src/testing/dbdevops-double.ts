import { Controller, Module } from '@nestjs/common';
import type { AuditEventRecord, RouteInput, RouteResult } from '@sluice/api-conventions';
import {
  acknowledgeAuditEvents,
  atDbdevops,
  claimAuditEvents,
  createDbInstance,
  createDbSchema,
  deleteDbSchema,
  deleteDbSchemasOfProject,
  getDbSchema,
  listDbInstances,
  listDbSchemas,
  recordStep,
  stepSchemaAndInstances,
  updateDbInstance,
  updateDbSchema,
  usesOfEntity,
  type DbSchemaOut,
} from '@sluice/dbdevops-api';
import { Call, Route, startHttpApp, type RouteCall, type RunningApp } from '@sluice/http';
import { AppError, inUse } from '@sluice/kernel';
import type { TestIdentities } from '@sluice/testing';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';

/** What the double answers, set by a spec; and what it was asked. Speaks dbdevops' real contract, over HTTP, with real service tokens. */
export interface DbDevopsDouble {
  readonly url: string;
  readonly schemas: Map<string, DbSchemaOut>;
  /** Runs before a schema is stored. */
  beforeCreate: () => Promise<void>;
  /** Identifiers of the instances of every schema. */
  instances: string[];
  /** What refers to any connector. */
  uses: RouteResult<typeof usesOfEntity>['uses'];
  /** What refers to services and environments, by kind and reference: `service account.shop`. */
  readonly filed: Map<string, RouteResult<typeof usesOfEntity>['uses']>;
  pairs: RouteResult<typeof stepSchemaAndInstances>['pairs'];
  readonly reports: RouteInput<typeof recordStep>['body'][];
  /** Its outbox: taken out when they are acknowledged. */
  readonly auditEvents: AuditEventRecord[];
  /** So many acknowledgements are lost. */
  loseAcknowledgements: number;
  close(): Promise<void>;
}

export function aDbSchema(identifier: string, changelog: DbSchemaOut['changelog']): DbSchemaOut {
  return {
    identifier,
    name: identifier,
    tags: {},
    created: 1,
    instanceCount: 0,
    schemaSourceType: 'Git',
    type: 'Repository',
    migrationType: 'Liquibase',
    usePercona: false,
    parentId: 'p',
    changelog,
  };
}

/** Starts a stand-in for dbdevops with only what NG manager needs of it. */
export async function startDbDevopsDouble(identities: TestIdentities): Promise<DbDevopsDouble> {
  const state: Omit<DbDevopsDouble, 'url' | 'close'> = {
    schemas: new Map(),
    beforeCreate: () => Promise.resolve(),
    instances: [],
    uses: [],
    filed: new Map(),
    pairs: [],
    reports: [],
    auditEvents: [],
    loseAcknowledgements: 0,
  };
  @Controller()
  class DbDevopsController {
    @Route(atDbdevops(listDbSchemas))
    list(@Call() { params, query }: RouteCall<typeof listDbSchemas>): RouteResult<typeof listDbSchemas> {
      const items = [...state.schemas]
        .filter(([key]) => key.startsWith(`${params.org}/${params.project}/`))
        .map(([, schema]) => schema)
        .filter(({ migrationType }) => query.migrationType === undefined || migrationType === query.migrationType);
      return { items, total: items.length, page: 0, limit: 10 };
    }

    @Route(atDbdevops(createDbSchema))
    async create(@Call() { params, body }: RouteCall<typeof createDbSchema>): Promise<DbSchemaOut> {
      await state.beforeCreate();
      const schema = aDbSchema(body.identifier, body.changelog);
      state.schemas.set(`${params.org}/${params.project}/${body.identifier}`, schema);
      return schema;
    }

    @Route(atDbdevops(createDbInstance))
    createInstance(@Call() { params, body }: RouteCall<typeof createDbInstance>): RouteResult<typeof createDbInstance> {
      const { identifier, name, connector, branch } = body;
      return {
        identifier,
        name: name ?? '',
        connector,
        branch,
        tags: {},
        created: 1,
        context: '',
        toOnboard: true,
        lastDeployedChangeSetTag: '',
        schemaId: 's',
        schemaIdentifier: params.dbschema,
      };
    }

    @Route(atDbdevops(updateDbInstance))
    updateInstance(@Call() { params, body }: RouteCall<typeof updateDbInstance>): RouteResult<typeof updateDbInstance> {
      return {
        identifier: params.dbinstance,
        name: body.name ?? '',
        connector: 'db',
        tags: {},
        created: 1,
        context: '',
        toOnboard: true,
        lastDeployedChangeSetTag: '',
        schemaId: 's',
        schemaIdentifier: params.dbschema,
      };
    }

    @Route(atDbdevops(getDbSchema))
    get(@Call() { params }: RouteCall<typeof getDbSchema>): DbSchemaOut {
      const schema = state.schemas.get(`${params.org}/${params.project}/${params.dbschema}`);
      if (!schema) throw new AppError('RESOURCE_NOT_FOUND', `DB schema "${params.dbschema}" does not exist`);
      return schema;
    }

    @Route(atDbdevops(updateDbSchema))
    update(@Call() { params }: RouteCall<typeof updateDbSchema>): DbSchemaOut {
      return this.get({ params } as RouteCall<typeof getDbSchema>);
    }

    @Route(atDbdevops(deleteDbSchema))
    delete(@Call() { params, query }: RouteCall<typeof deleteDbSchema>): void {
      if (state.instances.length > 0 && !query.forceDelete)
        throw inUse(
          `schema "${params.dbschema}"`,
          state.instances.map((identifier) => `instance ${identifier}`),
        );
      if (!state.schemas.delete(`${params.org}/${params.project}/${params.dbschema}`))
        throw new AppError('RESOURCE_NOT_FOUND', `DB schema "${params.dbschema}" does not exist`);
    }

    @Route(atDbdevops(listDbInstances))
    listInstances(@Call() { params }: RouteCall<typeof listDbInstances>): RouteResult<typeof listDbInstances> {
      if (!state.schemas.has(`${params.org}/${params.project}/${params.dbschema}`))
        throw new AppError('RESOURCE_NOT_FOUND', `DB schema "${params.dbschema}" does not exist`);
      const items = state.instances.map((identifier) => ({
        identifier,
        name: identifier,
        connector: 'db',
        branch: 'main',
        tags: {},
        created: 1,
        context: '',
        toOnboard: true,
        lastDeployedChangeSetTag: '',
        schemaId: 's',
        schemaIdentifier: params.dbschema,
      }));
      return { items, total: items.length, page: 0, limit: 10 };
    }

    @Route(atDbdevops(deleteDbSchemasOfProject))
    deleteAll(@Call() { query }: RouteCall<typeof deleteDbSchemasOfProject>): void {
      for (const key of state.schemas.keys())
        if (key.startsWith(`${query.orgIdentifier}/${query.projectIdentifier}/`)) state.schemas.delete(key);
    }

    @Route(usesOfEntity)
    uses(
      @Call() { body: { kind, orgId, projectId, identifier } }: RouteCall<typeof usesOfEntity>,
    ): RouteResult<typeof usesOfEntity> {
      const ref = `${projectId === undefined ? (orgId === undefined ? 'account.' : 'org.') : ''}${identifier}`;
      return { uses: kind === 'connector' ? state.uses : (state.filed.get(`${kind} ${ref}`) ?? []) };
    }

    @Route(stepSchemaAndInstances)
    pairs(): RouteResult<typeof stepSchemaAndInstances> {
      return { pairs: state.pairs };
    }

    @Route(claimAuditEvents)
    claim(@Call() { body }: RouteCall<typeof claimAuditEvents>): RouteResult<typeof claimAuditEvents> {
      return { events: state.auditEvents.slice(0, body.limit), hasMore: state.auditEvents.length > body.limit };
    }

    @Route(acknowledgeAuditEvents)
    acknowledge(
      @Call() { body }: RouteCall<typeof acknowledgeAuditEvents>,
    ): RouteResult<typeof acknowledgeAuditEvents> {
      if (body.eventIds.length > 0 && state.loseAcknowledgements > 0) {
        state.loseAcknowledgements -= 1;
        throw new AppError('INTERNAL', 'lost');
      }
      for (const id of body.eventIds)
        state.auditEvents.splice(
          state.auditEvents.findIndex(({ eventId }) => eventId === id),
          1,
        );
      return { acknowledged: body.eventIds.length };
    }

    @Route(recordStep)
    record(@Call() { body }: RouteCall<typeof recordStep>): RouteResult<typeof recordStep> {
      state.reports.push(body);
      return { recorded: true };
    }
  }
  @Module({ controllers: [DbDevopsController] })
  class DoubleModule {}
  const app: RunningApp = await startHttpApp({
    service: 'dbdevops',
    module: DoubleModule,
    host: '127.0.0.1',
    port: 0,
    identity: await identities.of('dbdevops'),
    log: createLogger('dbdevops', 'silent'),
    tracing: Tracing.create('dbdevops'),
    metrics: new Metrics('dbdevops'),
    routes: [],
    errorStyle: () => 'internal',
    checkReady: async () => undefined,
  });
  return Object.assign(state, { url: app.url, close: () => app.close() });
}
