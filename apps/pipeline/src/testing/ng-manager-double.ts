import { Controller, Module } from '@nestjs/common';
import type { AuditEventRecord, SecurityEventRecord } from '@sluice/api-conventions';
import { Call, Route, startHttpApp, type RouteCall, type RunningApp } from '@sluice/http';
import { AppError, newUuid } from '@sluice/kernel';
import {
  MOST_REMOVED,
  confirmRemovedProject,
  listConnectorsByFqn,
  listRemovedProjects,
  projectExistence,
  receiveAuditEvents,
  receiveSecurityEvents,
  recordEntityUses,
  reportDbStep,
  resolveDbStepInputs,
  resolveVariables,
  sealSecrets,
  type ConnectorResponse,
  type DbStepInputs,
  type RemovedProject,
} from '@sluice/ng-manager-api';
import type { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';

type Told = RouteCall<typeof recordEntityUses>['body'];
type Report = RouteCall<typeof reportDbStep>['body'];

/** What the double was asked, and how it is to answer. */
export interface NgManagerState {
  readonly reports: Report[];
  readonly sealed: string[][];
  /** For which steps and which delegate values were sealed. */
  readonly sealedFor: Pick<RouteCall<typeof sealSecrets>['body'], 'steps' | 'delegateScope'>[];
  /** Projects it was asked about, as `org/project`. */
  readonly askedForProjects: string[];
  /** Connectors it was asked about, by their full names. Those called `missing` do not exist. */
  readonly askedForConnectors: string[][];
  readonly askedFor: { dbSchema: string; dbInstance: string }[][];
  /** What came into the audit trail: each event once. */
  readonly auditEvents: AuditEventRecord[];
  readonly securityEvents: SecurityEventRecord[];
  /** Values of stored variables by `level name`. */
  readonly variables: Map<string, string>;
  /** Deliveries of audit events, also of those that were there already. */
  auditDeliveries: number;
  /** Adds events and never answers. */
  holdsAuditAnswers: boolean;
  /** Thrown by the next reports, so many times. */
  failReports: number;
  /** Answered to every report, as long as it is there. */
  reportRefusal: AppError | undefined;
  /** How often that was answered. */
  reportsRefused: number;
  /** Thrown when secrets are to be sealed, one after the other. */
  readonly sealingFailures: AppError[];
  /** What documents refer to, by `account/org/project kind identifier`, as `kind ref`. */
  readonly uses: Map<string, readonly string[]>;
  /** The newest turn of each document, by the same keys. */
  readonly turns: Map<string, string>;
  /** Services, environments and infrastructures that there are, as `kind ref`. */
  readonly filed: Set<string>;
  /** Schemas with migrationType Flyway. */
  readonly flyway: Set<string>;
  /** Takes no references, as if it were away. */
  failUses: boolean;
  /** What it does when it is told of references, before it takes them. */
  whileTold: (told: Told) => Promise<void>;
  /** Organizations and projects there are not. */
  readonly missing: Set<string>;
  /** Projects that were removed and not confirmed. */
  removed: RemovedProject[];
  /** Every project that was ever removed, as `account/org/project`. */
  readonly removals: string[];
  /** How often each was confirmed, by position. */
  readonly confirmed: Map<number, number>;
  /** Takes confirmations of removed projects and never answers. */
  holdsConfirmations: boolean;
  /** Changes the inputs of an instance. */
  inputs: (dbSchema: string, dbInstance: string) => DbStepInputs;
}

export interface NgManagerDouble extends RunningApp {
  readonly state: NgManagerState;
}

/** Inputs as they come for a PostgreSQL instance with a password and a Git repository with credentials. Instances called `missing` do not exist. */
export function dbStepInputsOf(dbSchema: string, dbInstance: string): DbStepInputs {
  if (dbInstance === 'missing')
    throw new AppError('RESOURCE_NOT_FOUND', `instance with id [${dbInstance}] schema [${dbSchema}] does not exist`, {
      schema: dbSchema,
      instance: dbInstance,
    });
  return {
    schema: { identifier: dbSchema, name: dbSchema, migrationType: 'Liquibase', changelogPath: 'db/changelog.xml' },
    instance: {
      identifier: dbInstance,
      name: dbInstance,
      context: 'prod',
      substituteProperties: { owner: 'app' },
      tags: {},
    },
    source: {
      name: 'repo',
      url: 'https://git.example/repo.git',
      branch: 'main',
      username: 'git',
      passwordExpression: '<+secrets.getValue("git_token")>',
    },
    target: { url: `jdbc:postgresql://db.example:5432/${dbInstance}`, username: 'app', passwordSlot: 'password' },
    secrets: [{ name: 'password', expression: '<+secrets.getValue("db_password")>' }],
    delegateSelectors: ['from-connector'],
  };
}

/** Stands in for NG manager over real HTTP, made from the contract's own routes. */
export async function startNgManagerDouble(identity: ServiceIdentity): Promise<NgManagerDouble> {
  const state: NgManagerState = {
    reports: [],
    sealed: [],
    sealedFor: [],
    askedForConnectors: [],
    askedForProjects: [],
    missing: new Set(['nowhere']),
    askedFor: [],
    auditEvents: [],
    securityEvents: [],
    variables: new Map(),
    auditDeliveries: 0,
    holdsAuditAnswers: false,
    failReports: 0,
    reportRefusal: undefined,
    reportsRefused: 0,
    sealingFailures: [],
    uses: new Map(),
    turns: new Map(),
    filed: new Set(),
    flyway: new Set(),
    failUses: false,
    whileTold: () => Promise.resolve(),
    removed: [],
    removals: [],
    confirmed: new Map(),
    holdsConfirmations: false,
    inputs: dbStepInputsOf,
  };
  const app = await startHttpApp({
    service: 'ng-manager',
    module: { module: NgManagerDoubleModule, controllers: [controllerFor(state)] },
    host: '127.0.0.1',
    port: 0,
    identity,
    log: createLogger('ng-manager', 'silent'),
    tracing: Tracing.create('ng-manager', undefined),
    metrics: new Metrics('ng-manager'),
    routes: [
      projectExistence,
      listConnectorsByFqn,
      listRemovedProjects,
      confirmRemovedProject,
      recordEntityUses,
      resolveDbStepInputs,
      resolveVariables,
      reportDbStep,
      receiveAuditEvents,
      receiveSecurityEvents,
      sealSecrets,
    ],
    errorStyle: () => 'internal',
    checkReady: () => Promise.resolve(),
  });
  return { url: app.url, close: () => app.close(), state };
}

@Module({})
class NgManagerDoubleModule {}

/** An image registry of a full name, called after its identifier. */
function registry(fullName: string): ConnectorResponse {
  const [identifier = '', ...scope] = fullName.split('/').reverse();
  const [, orgIdentifier = null, projectIdentifier = null] = scope.reverse();
  return {
    connector: {
      identifier,
      name: `Connector ${identifier}`,
      description: '',
      tags: {},
      orgIdentifier,
      projectIdentifier,
      type: 'DockerRegistry',
      spec: { dockerRegistryUrl: 'https://registry.example', providerType: 'Other', auth: { type: 'Anonymous' } },
    },
    createdAt: 1,
    lastModifiedAt: 1,
    status: null,
    activityDetails: { lastActivityTime: 1 },
    harnessManaged: false,
    gitDetails: { valid: true },
    entityValidityDetails: { valid: true, invalidYaml: null },
    governanceMetadata: null,
  };
}

type Place = Pick<RemovedProject, 'accountId' | 'orgId' | 'projectId'>;
const REMOVED_BY = { type: 'user', id: 'u', name: 'Ann', email: 'ann@example.com' } as const;

/** How a project is told from one of the same name: by how many of them have been removed before. */
function uniqueIdOf({ removals }: Pick<NgManagerState, 'removals'>, { accountId, orgId, projectId }: Place): string {
  const place = `${accountId}/${orgId}/${projectId}`;
  return `${place}#${removals.filter((one) => one === place).length}`;
}

/** Removes a project; the next one of that name is another. @returns its position in the list */
export function removeProject(state: NgManagerState, { accountId, orgId, projectId }: Place): number {
  const position = state.removals.length + 1;
  state.removed.push({
    position,
    accountId,
    orgId,
    projectId,
    uniqueId: uniqueIdOf(state, { accountId, orgId, projectId }),
    removedBy: REMOVED_BY,
    correlationId: `removal-${position}`,
  });
  state.removals.push(`${accountId}/${orgId}/${projectId}`);
  return position;
}

function controllerFor(state: NgManagerState): new () => object {
  @Controller()
  class NgManagerDoubleController {
    @Route(resolveDbStepInputs)
    inputs(@Call() { body }: RouteCall<typeof resolveDbStepInputs>) {
      state.askedFor.push(body.steps.map(({ dbSchema, dbInstance }) => ({ dbSchema, dbInstance })));
      return {
        inputs: Object.fromEntries(
          body.steps.map(({ key, dbSchema, dbInstance }) => [key, state.inputs(dbSchema, dbInstance)]),
        ),
      };
    }

    @Route(resolveVariables)
    variables(@Call() { body }: RouteCall<typeof resolveVariables>) {
      const known = (level: 'account' | 'org' | 'project') =>
        Object.fromEntries(
          body[level].flatMap((name) =>
            state.variables.has(`${level} ${name}`) ? [[name, state.variables.get(`${level} ${name}`) ?? '']] : [],
          ),
        );
      return { account: known('account'), org: known('org'), project: known('project') };
    }

    @Route(projectExistence)
    existence(@Call() { ctx, query: { orgId, projectId } }: RouteCall<typeof projectExistence>) {
      state.askedForProjects.push(`${orgId}/${projectId}`);
      const hasOrg = !state.missing.has(orgId);
      const hasProject = hasOrg && !state.missing.has(projectId);
      return {
        hasOrg,
        hasProject,
        uniqueId: hasProject ? uniqueIdOf(state, { accountId: ctx.accountId, orgId, projectId }) : null,
      };
    }

    @Route(listConnectorsByFqn)
    connectors(@Call() { ctx, body }: RouteCall<typeof listConnectorsByFqn>): ConnectorResponse[] {
      const names = ctx.grants.some(({ role, orgId }) => role === 'viewer' && orgId === undefined) ? body : [];
      state.askedForConnectors.push(body);
      return names.filter((name) => !name.endsWith('/missing')).map(registry);
    }

    @Route(listRemovedProjects)
    removed(@Call() { query: { after } }: RouteCall<typeof listRemovedProjects>) {
      return { projects: state.removed.filter(({ position }) => position > after).slice(0, MOST_REMOVED) };
    }

    @Route(confirmRemovedProject)
    async confirmRemoved(@Call() { body: { position } }: RouteCall<typeof confirmRemovedProject>) {
      if (state.holdsConfirmations) await new Promise<never>(() => undefined);
      state.confirmed.set(position, (state.confirmed.get(position) ?? 0) + 1);
      state.removed = state.removed.filter((one) => one.position !== position);
      return { isFree: true };
    }

    @Route(recordEntityUses)
    async recordUses(@Call() { body }: RouteCall<typeof recordEntityUses>) {
      const { accountId, orgId, projectId, user, mode, uses } = body;
      await state.whileTold(body);
      if (state.failUses) throw new AppError('UPSTREAM_UNAVAILABLE', 'the database cannot be reached');
      const absent =
        mode === 'replace'
          ? undefined
          : uses.find(
              ({ kind, ref }) =>
                ['service', 'environment', 'infrastructure'].includes(kind) && !state.filed.has(`${kind} ${ref}`),
            );
      if (absent)
        throw new AppError(
          'INVALID_IDENTIFIER_REF',
          `${absent.field ?? 'yaml'}: there is no ${absent.kind} "${absent.ref}"; create it first`,
        );
      if (mode === 'check')
        return {
          recorded: 0,
          warnings: uses
            .filter(({ kind, ref }) => kind === 'dbschema' && state.flyway.has(ref))
            .map(({ ref, field = 'yaml' }) => ({ field, message: `${ref} is not run` })),
        };
      const key = `${accountId}/${orgId}/${projectId} ${user.kind} ${user.identifier}`;
      if (mode === 'replace' && body.turn !== undefined && body.turn !== state.turns.get(key))
        return { recorded: 0, isSuperseded: true as const };
      const turn = mode === 'add' ? newUuid() : undefined;
      if (turn !== undefined) state.turns.set(key, turn);
      const known = mode === 'add' ? (state.uses.get(key) ?? []) : [];
      state.uses.set(key, [...new Set([...known, ...uses.map(({ kind, ref }) => `${kind} ${ref}`)])]);
      return { recorded: uses.length, turn };
    }

    @Route(reportDbStep)
    report(@Call() { body }: RouteCall<typeof reportDbStep>) {
      if (state.reportRefusal) {
        state.reportsRefused += 1;
        throw state.reportRefusal;
      }
      if (state.failReports > 0) {
        state.failReports -= 1;
        throw new AppError('UPSTREAM_UNAVAILABLE', 'dbdevops cannot be reached');
      }
      const isNew = !state.reports.some(
        (one) => one.stepExecutionId === body.stepExecutionId && one.isLate === body.isLate,
      );
      if (isNew) state.reports.push(body);
      return { recorded: isNew };
    }

    @Route(receiveAuditEvents)
    async receive(@Call() { body }: RouteCall<typeof receiveAuditEvents>) {
      state.auditDeliveries += 1;
      for (const event of body.events)
        if (!state.auditEvents.some(({ eventId }) => eventId === event.eventId)) state.auditEvents.push(event);
      if (state.holdsAuditAnswers) await new Promise<never>(() => undefined);
      return { received: body.events.length };
    }

    @Route(receiveSecurityEvents)
    receiveSecurity(@Call() { body }: RouteCall<typeof receiveSecurityEvents>) {
      for (const { event } of body.events)
        if (!state.securityEvents.some(({ eventId }) => eventId === event.eventId)) state.securityEvents.push(event);
      return { received: body.events.length };
    }

    @Route(sealSecrets)
    seal(@Call() { body }: RouteCall<typeof sealSecrets>) {
      const failure = state.sealingFailures.shift();
      if (failure) throw failure;
      state.sealed.push(body.expressions);
      state.sealedFor.push({ steps: body.steps, delegateScope: body.delegateScope });
      const missing = body.expressions.find((expression) => expression.includes('"gone"'));
      if (missing) throw new AppError('SECRET_NOT_FOUND', `${missing}: there is no such secret`);
      return {
        sealed: Object.fromEntries(body.expressions.map((expression) => [expression, `sealed(${expression})`])),
      };
    }
  }
  return NgManagerDoubleController;
}
