import { Injectable } from '@nestjs/common';
import type { RouteDefinition } from '@sluice/api-conventions';
import { scopeOfRequest, type RouteCall } from '@sluice/http';
import { AppError, type Scope } from '@sluice/kernel';
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

  /** @throws AppError RESOURCE_NOT_FOUND for an unknown project, INVALID_IDENTIFIER_REF for a connector that does not fit, dbdevops' own errors */
  async forward(route: RouteDefinition, { ctx, params, query, body }: RouteCall): Promise<unknown> {
    if (route.bodyKind === 'raw' || route.bodyKind === 'bytes') {
      throw new AppError('INVALID_REQUEST', `${route.method} ${route.path} is not supported by this installation`);
    }
    const scope = scopeOfRequest(ctx, params, query);
    await this.projects.requireScope(scope);
    await this.checkConnectors(body, scope);
    return this.dbdevops.forward(ctx, route, { params, query, body });
  }

  /** The one place that knows where DB DevOps bodies name connectors. */
  private async checkConnectors(body: unknown, scope: Scope): Promise<void> {
    const database = textAt(body, 'connector');
    const git = textAt(fieldOf(body, 'changelog'), 'connector');
    if (database) await this.connectors.requireType(database, scope, 'connector', 'database');
    if (git) await this.connectors.requireType(git, scope, 'changelog.connector', 'git');
  }
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}

function textAt(value: unknown, field: string): string | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
