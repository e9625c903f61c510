import { Injectable } from '@nestjs/common';
import type { RouteInput } from '@sluice/api-conventions';
import { AppError, projectScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import type { DbStepInputs, reportDbStep, resolveDbStepInputs } from '@sluice/ng-manager-api';
import { connectorBodyOf } from '../connector/connector-view.js';
import type { ConnectorRow } from '../connector/connector.repository.js';
import { ConnectorService } from '../connector/connector.service.js';
import { gitAccessOf, type GitAccess } from '../connector/git-access.js';
import { jdbcAccessOf, type JdbcAccess } from '../connector/jdbc-access.js';
import { SshKeys } from '../connector/ssh-keys.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { scopeOfRow } from '../persistence/scoped.js';
import { ProjectService } from '../project/project.service.js';
import { joinStepInputs, type Placed } from './db-step-inputs.js';

type Steps = RouteInput<typeof resolveDbStepInputs>['body'];
type Pair = Awaited<ReturnType<DbDevopsClient['stepInputs']>>['pairs'][number];

/** What pipeline asks about DB steps: joins dbdevops' schemas and instances with the connectors kept here. */
@Injectable()
export class DbStepsService {
  constructor(
    private readonly dbdevops: DbDevopsClient,
    private readonly connectors: ConnectorService,
    private readonly projects: ProjectService,
    private readonly sshKeys: SshKeys,
  ) {}

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_IDENTIFIER_REF, NOT_IMPLEMENTED: each names the schema, instance or connector */
  async resolve(ctx: RequestContext, { orgId, projectId, steps }: Steps): Promise<{ inputs: Record<string, DbStepInputs> }> {
    const scope = projectScope(ctx.accountId, orgId, projectId);
    await this.projects.requireScope(scope);
    const { pairs } = await this.dbdevops.stepInputs(ctx, { orgId, projectId, pairs: steps.map(({ dbSchema, dbInstance }) => ({ dbSchema, dbInstance })) });
    const inputs: Record<string, DbStepInputs> = {};
    const resolve = this.resolver(scope);
    for (const [at, step] of steps.entries()) {
      const pair = pairs.find(({ dbSchema, dbInstance }) => dbSchema.identifier === step.dbSchema && dbInstance.identifier === step.dbInstance) ?? pairs[at];
      if (!pair) throw new AppError('RESOURCE_NOT_FOUND', `instance with id [${step.dbInstance}] schema [${step.dbSchema}] does not exist`);
      inputs[step.key] = joinStepInputs(pair, await this.withKey(await gitOf(pair, resolve)), await jdbcOf(pair, resolve));
    }
    return { inputs };
  }

  report(ctx: RequestContext, report: RouteInput<typeof reportDbStep>['body']): Promise<{ recorded: boolean }> {
    return this.dbdevops.recordStep(ctx, report);
  }

  private async withKey(git: Placed<GitAccess>) {
    return { ...git, sshKey: await this.sshKeys.of(git.access, git.scope) };
  }

  /** Steps of a group mostly share their connectors, so each reference is looked up once. */
  private resolver(scope: ProjectScope): Resolve {
    const known = new Map<string, Promise<ConnectorRow>>();
    return (ref, field) => {
      const row = known.get(ref) ?? this.connectors.resolve(ref, scope, field);
      known.set(ref, row);
      return row;
    };
  }
}

type Resolve = (ref: string, field: string) => Promise<ConnectorRow>;

async function gitOf({ dbSchema }: Pair, resolve: Resolve): Promise<Placed<GitAccess>> {
  if (dbSchema.type === 'Script') throw new AppError('NOT_IMPLEMENTED', `DB schema "${dbSchema.identifier}" takes its changelog from a script, which cannot be run yet; use type Repository with a Git connector`);
  if (!dbSchema.connector) throw new AppError('NOT_IMPLEMENTED', `DB schema "${dbSchema.identifier}" names no connector; repositories of the platform itself are not there, so give it a Git connector`);
  const row = await resolve(dbSchema.connector, `connector of DB schema "${dbSchema.identifier}"`);
  return { access: gitAccessOf(row.identifier, connectorBodyOf(row), dbSchema.repo), scope: scopeOfRow(row) };
}

async function jdbcOf({ dbInstance }: Pair, resolve: Resolve): Promise<Placed<JdbcAccess>> {
  const row = await resolve(dbInstance.connector, `connector of DB instance "${dbInstance.identifier}"`);
  return { access: jdbcAccessOf(row.identifier, connectorBodyOf(row)), scope: scopeOfRow(row) };
}
