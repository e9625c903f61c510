import { Injectable } from '@nestjs/common';
import { resolveRefIn, type RouteDefinition } from '@sluice/api-conventions';
import { updateDbSchema } from '@sluice/dbdevops-api';
import { scopeOfRequest, type RouteCall } from '@sluice/http';
import { AppError, projectScope, type RequestContext } from '@sluice/kernel';
import { ConnectorService } from '../connector/connector.service.js';
import { ProjectService } from '../project/project.service.js';
import { DbDevopsClient } from './dbdevops-client.js';

/** Passes public DB DevOps requests on: the guard has checked access, this checks what dbdevops cannot know. */
@Injectable()
export class DbDevopsForwarder {
  constructor(
    private readonly dbdevops: DbDevopsClient,
    private readonly projects: ProjectService,
    private readonly connectors: ConnectorService,
  ) {}

  /** @throws AppError RESOURCE_NOT_FOUND for an unknown project, INVALID_IDENTIFIER_REF for a connector that does not fit or that the caller may not use, dbdevops' own errors */
  async forward(route: RouteDefinition, { ctx, params, query, body }: RouteCall): Promise<unknown> {
    if (route.bodyKind === 'raw' || route.bodyKind === 'bytes') {
      throw new AppError('NOT_IMPLEMENTED', `${route.method} ${route.path} takes a body that is not passed on yet; send it to dbdevops itself`);
    }
    const scope = scopeOfRequest(ctx, params, query);
    await this.projects.requireScope(scope);
    const named = [...connectorsIn(body), ...(route.id === updateDbSchema.id ? await this.keptConnector(ctx, params, body) : [])];
    return this.connectors.whileKept(named.map(({ ref, field }) => resolveRefIn(field, ref, scope)), async () => {
      for (const { ref, field, purpose } of named) await this.connectors.requireType(ctx, ref, scope, field, purpose);
      return this.dbdevops.forward(ctx, route, { params, query, body });
    });
  }

  /** A changelog sent without its connector keeps the one it has: another repository or path read through it is a use like a reference to it. */
  private async keptConnector(ctx: RequestContext, params: unknown, body: unknown): Promise<NamedConnector[]> {
    const changelog = fieldOf(body, 'changelog');
    if (typeof changelog !== 'object' || changelog === null || fieldOf(changelog, 'connector') !== undefined) return [];
    const scope = projectScope(ctx.accountId, textAt(params, 'org') ?? '', textAt(params, 'project') ?? '');
    const stored = (await this.dbdevops.schema(ctx, scope, textAt(params, 'dbschema') ?? '')).changelog?.connector;
    return stored ? [{ ref: stored, field: 'changelog.connector', purpose: 'git' }] : [];
  }
}

interface NamedConnector {
  readonly ref: string;
  readonly field: string;
  readonly purpose: 'database' | 'git';
}

/** The one place that knows where DB DevOps bodies name connectors. */
function connectorsIn(body: unknown): NamedConnector[] {
  const database = textAt(body, 'connector');
  const git = textAt(fieldOf(body, 'changelog'), 'connector');
  return [
    ...(database ? [{ ref: database, field: 'connector', purpose: 'database' } as const] : []),
    ...(git ? [{ ref: git, field: 'changelog.connector', purpose: 'git' } as const] : []),
  ];
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}

function textAt(value: unknown, field: string): string | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
