import { Injectable } from '@nestjs/common';
import type { RouteInput } from '@sluice/api-conventions';
import { expressionsOfSource } from '@sluice/delegate-protocol';
import { AppError, projectScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import type { DbStepInputs, reportDbStep, resolveDbStepInputs } from '@sluice/ng-manager-api';
import { secretRefsOf } from '../connector/connector-refs.js';
import { connectorBodyOf } from '../connector/connector-view.js';
import type { ConnectorRow } from '../connector/connector.repository.js';
import { ConnectorService } from '../connector/connector.service.js';
import { gitAccessOf, type GitAccess } from '../connector/git-access.js';
import { jdbcAccessOf, type JdbcAccess } from '../connector/jdbc-access.js';
import { SshKeys } from '../connector/ssh-keys.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { StoredUses } from '../entity-use/stored-uses.js';
import { scopeOfRow } from '../persistence/scoped.js';
import { ProjectService } from '../project/project.service.js';
import { joinStepInputs, requireRunnable, type Placed } from './db-step-inputs.js';

type StepsOf = RouteInput<typeof resolveDbStepInputs>['body'];
/** Which steps of which project. */
type Steps = Pick<StepsOf, 'orgId' | 'projectId'> & {
  readonly steps: readonly Omit<StepsOf['steps'][number], 'command'>[];
};
type Pair = Awaited<ReturnType<DbDevopsClient['stepInputs']>>['pairs'][number];

/** What pipeline asks about DB steps: joins dbdevops' schemas and instances with the connectors kept here. */
@Injectable()
export class DbStepsService {
  constructor(
    private readonly dbdevops: DbDevopsClient,
    private readonly connectors: ConnectorService,
    private readonly projects: ProjectService,
    private readonly sshKeys: SshKeys,
    private readonly storedUses: StoredUses,
  ) {}

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_IDENTIFIER_REF, NOT_IMPLEMENTED, ACCESS_DENIED: each names the schema, instance or connector */
  async resolve(
    ctx: RequestContext,
    { orgId, projectId, steps }: Steps,
  ): Promise<{ inputs: Record<string, DbStepInputs> }> {
    const scope = projectScope(ctx.accountId, orgId, projectId);
    await this.projects.requireScope(scope);
    const { pairs } = await this.dbdevops.stepInputs(ctx, {
      orgId,
      projectId,
      pairs: steps.map(({ dbSchema, dbInstance }) => ({ dbSchema, dbInstance })),
    });
    const inputs: Record<string, DbStepInputs> = {};
    const resolve = this.resolver(ctx, scope);
    for (const [at, step] of steps.entries()) {
      const pair =
        pairs.find(
          ({ dbSchema, dbInstance }) =>
            dbSchema.identifier === step.dbSchema && dbInstance.identifier === step.dbInstance,
        ) ?? pairs[at];
      if (!pair)
        throw new AppError(
          'RESOURCE_NOT_FOUND',
          `instance with id [${step.dbInstance}] schema [${step.dbSchema}] does not exist`,
        );
      requireRunnable(pair.dbSchema);
      inputs[step.key] = joinStepInputs(
        pair,
        await this.withKey(ctx, await gitOf(pair, resolve)),
        await jdbcOf(pair, resolve),
      );
    }
    return { inputs };
  }

  /**
   * The secret expressions that the connectors of these steps name, as the steps' project writes them. Nothing else is sealed for their tasks.
   * @throws AppError as {@link resolve}
   */
  async expressionsOf(ctx: RequestContext, steps: Steps): Promise<ReadonlySet<string>> {
    const { inputs } = await this.resolve(ctx, steps);
    return new Set(
      Object.values(inputs).flatMap(({ source, secrets }) => [
        ...expressionsOfSource(source),
        ...secrets.map(({ expression }) => expression),
      ]),
    );
  }

  report(ctx: RequestContext, report: RouteInput<typeof reportDbStep>['body']): Promise<{ recorded: boolean }> {
    return this.dbdevops.recordStep(ctx, report);
  }

  private async withKey(ctx: RequestContext, git: Placed<GitAccess>) {
    return { ...git, sshKey: await this.sshKeys.of(ctx, git.access, git.scope) };
  }

  private async usable(ctx: RequestContext, ref: string, scope: ProjectScope, field: string): Promise<ConnectorRow> {
    const row = await this.connectors.resolve(ref, scope, field);
    const owner = { kind: 'connector', scope: scopeOfRow(row), identifier: row.identifier } as const;
    for (const secret of secretRefsOf(connectorBodyOf(row)))
      await this.storedUses.require(ctx, owner, 'secret', secret.field, secret.ref);
    return row;
  }

  /** Steps of a group mostly share their connectors, so each reference is looked up once. */
  private resolver(ctx: RequestContext, scope: ProjectScope): Resolve {
    const known = new Map<string, Promise<ConnectorRow>>();
    return (ref, field) => {
      const row = known.get(ref) ?? this.usable(ctx, ref, scope, field);
      known.set(ref, row);
      return row;
    };
  }
}

type Resolve = (ref: string, field: string) => Promise<ConnectorRow>;

async function gitOf({ dbSchema }: Pair, resolve: Resolve): Promise<Placed<GitAccess>> {
  if (dbSchema.type === 'Script')
    throw new AppError(
      'NOT_IMPLEMENTED',
      `DB schema "${dbSchema.identifier}" takes its changelog from a script, which cannot be run yet; use type Repository with a Git connector`,
    );
  if (!dbSchema.connector)
    throw new AppError(
      'NOT_IMPLEMENTED',
      `DB schema "${dbSchema.identifier}" names no connector; repositories of the platform itself are not there, so give it a Git connector`,
    );
  const row = await resolve(dbSchema.connector, `connector of DB schema "${dbSchema.identifier}"`);
  return { access: gitAccessOf(row.identifier, connectorBodyOf(row), dbSchema.repo), scope: scopeOfRow(row) };
}

async function jdbcOf({ dbInstance }: Pair, resolve: Resolve): Promise<Placed<JdbcAccess>> {
  const row = await resolve(dbInstance.connector, `connector of DB instance "${dbInstance.identifier}"`);
  return { access: jdbcAccessOf(row.identifier, connectorBodyOf(row)), scope: scopeOfRow(row) };
}
