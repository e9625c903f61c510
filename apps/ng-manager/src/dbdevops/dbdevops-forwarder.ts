import { Injectable } from '@nestjs/common';
import { resolveRefIn, type RouteDefinition } from '@sluice/api-conventions';
import { createDbInstance, createDbSchema, updateDbInstance, updateDbSchema } from '@sluice/dbdevops-api';
import { scopeOfRequest, type RouteCall } from '@sluice/http';
import { AppError, projectScope, type RequestContext, type Scope } from '@sluice/kernel';
import { ConnectorService } from '../connector/connector.service.js';
import { FilingService } from '../filing/filing.service.js';
import { ProjectService } from '../project/project.service.js';
import { DbDevopsClient } from './dbdevops-client.js';

/** Passes public DB DevOps requests on: the guard has checked access, this checks what dbdevops cannot know. */
@Injectable()
export class DbDevopsForwarder {
  constructor(
    private readonly dbdevops: DbDevopsClient,
    private readonly projects: ProjectService,
    private readonly connectors: ConnectorService,
    private readonly filing: FilingService,
  ) {}

  /** @throws AppError RESOURCE_NOT_FOUND for an unknown project, INVALID_IDENTIFIER_REF for a connector that does not fit or that the caller may not use, a service or environment that is not there or that they may not see; dbdevops' own errors */
  async forward(route: RouteDefinition, { ctx, params, query, body }: RouteCall): Promise<unknown> {
    if (route.bodyKind === 'raw' || route.bodyKind === 'bytes') {
      throw new AppError(
        'NOT_IMPLEMENTED',
        `${route.method} ${route.path} takes a body that is not passed on yet; send it to dbdevops itself`,
      );
    }
    const scope = scopeOfRequest(ctx, params, query);
    await this.projects.requireScope(scope);
    const named = [
      ...connectorsIn(body),
      ...(route.id === updateDbSchema.id ? await this.keptConnector(ctx, params, body) : []),
    ];
    return this.connectors.whileKept(
      named.map(({ ref, field }) => resolveRefIn(field, ref, scope)),
      async () => {
        for (const { ref, field, purpose } of named) await this.connectors.requireType(ctx, ref, scope, field, purpose);
        return this.whileFiled(ctx, scope, filedUnder(route, body), () =>
          this.dbdevops.forward(ctx, route, { params, query, body }),
        );
      },
    );
  }

  private whileFiled<T>(
    ctx: RequestContext,
    scope: Scope,
    filed: FiledUnder | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    return filed ? this.filing.whileFiled(ctx, filed.kind, filed.kind, filed.ref, scope, work) : work();
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

interface FiledUnder {
  readonly kind: 'service' | 'environment';
  readonly ref: string;
}

/** A name of a scope above, which cannot be meant as anything else. */
const ABOVE = /^(?:account|org)\.[a-zA-Z_][0-9a-zA-Z_$-]{0,127}$/;

/**
 * What a body files its schema or instance under. `service` was free text before there were services, and existing clients send names of none: only one of a
 * scope above is looked up. One of the project is held by its name (dbdevops is asked for that before a service is deleted), whichever was there first.
 */
function filedUnder({ id }: RouteDefinition, body: unknown): FiledUnder | undefined {
  const service = id === createDbSchema.id || id === updateDbSchema.id ? textAt(body, 'service') : undefined;
  if (service && ABOVE.test(service)) return { kind: 'service', ref: service };
  const environment =
    id === createDbInstance.id || id === updateDbInstance.id ? textAt(body, 'environment') : undefined;
  return environment ? { kind: 'environment', ref: environment } : undefined;
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
