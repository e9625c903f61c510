import { Inject, Injectable } from '@nestjs/common';
import { resolveUsableRefIn, type RouteResult } from '@sluice/api-conventions';
import { RouteClient } from '@sluice/http';
import { AppError, projectScope, type ProjectScope, type RequestContext, type ScopedRef } from '@sluice/kernel';
import { listBranches, listCommits, readRepositoryFile, type RepositoryAccess } from '@sluice/scm-api';
import { connectorBodyOf } from '../connector/connector-view.js';
import type { ConnectorRow } from '../connector/connector.repository.js';
import { ConnectorService } from '../connector/connector.service.js';
import { gitAccessOf } from '../connector/git-access.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { StoredUses } from '../entity-use/stored-uses.js';
import { scopeOfRow } from '../persistence/scoped.js';
import { SecretValues } from '../secret/secret-values.js';

export const SCM_ROUTES = Symbol('RouteClient of scm');

/**
 * Looks into repositories through scm, with the credentials of a Git connector. Where the caller names connector and repository, the caller needs the
 * right to use the connector and its secrets; the changelog of a DB schema is read by what the schema says.
 */
@Injectable()
export class GitBrowsingService {
  constructor(
    @Inject(SCM_ROUTES) private readonly scm: RouteClient,
    private readonly connectors: ConnectorService,
    private readonly dbdevops: DbDevopsClient,
    private readonly values: SecretValues,
    private readonly storedUses: StoredUses,
  ) {}

  async changelog(
    ctx: RequestContext,
    org: string,
    project: string,
    dbschema: string,
    ref: string,
  ): Promise<RouteResult<typeof readRepositoryFile>> {
    const scope = projectScope(ctx.accountId, org, project);
    const { changelog } = await this.dbdevops.schema(ctx, scope, dbschema);
    if (!changelog?.connector)
      throw new AppError('NOT_IMPLEMENTED', `DB schema "${dbschema}" does not take its changelog from a Git connector`);
    const row = await this.connectors.resolve(changelog.connector, scope, 'changelog.connector');
    const owner = { kind: 'connector', scope: scopeOfRow(row), identifier: row.identifier } as const;
    const repository = await this.repository(ctx, row, changelog.repo, (ref) =>
      this.storedUses.require(ctx, owner, 'secret', 'connector.spec', ref),
    );
    return this.scm.call(
      ctx,
      readRepositoryFile,
      { body: { repository, ref, path: changelog.location } },
      { idempotent: true },
    );
  }

  async branches(
    ctx: RequestContext,
    scope: ProjectScope,
    connector: string,
    options: { readonly repo?: string | undefined; readonly search?: string | undefined; readonly limit: number },
  ): Promise<RouteResult<typeof listBranches>> {
    const repository = await this.named(ctx, scope, connector, options.repo);
    return this.scm.call(
      ctx,
      listBranches,
      { body: { repository, search: options.search, limit: options.limit } },
      { idempotent: true },
    );
  }

  async commits(
    ctx: RequestContext,
    scope: ProjectScope,
    connector: string,
    options: { readonly repo?: string | undefined; readonly ref: string; readonly limit: number },
  ): Promise<RouteResult<typeof listCommits>> {
    const repository = await this.named(ctx, scope, connector, options.repo);
    return this.scm.call(
      ctx,
      listCommits,
      { body: { repository, ref: options.ref, limit: options.limit } },
      { idempotent: true },
    );
  }

  private async named(
    ctx: RequestContext,
    scope: ProjectScope,
    connector: string,
    repo: string | undefined,
  ): Promise<RepositoryAccess> {
    const row = await this.connectors.resolveUsable(ctx, connector, scope, 'connector');
    return this.repository(ctx, row, repo, async (ref) =>
      resolveUsableRefIn(ctx, 'secret', 'connector.spec', ref, scopeOfRow(row)),
    );
  }

  /** Credentials are read here and passed over one internal hop; scm does not keep them. @param resolve what a reference of the connector names, once it may be used */
  private async repository(
    ctx: RequestContext,
    row: ConnectorRow,
    repo: string | undefined,
    resolve: (ref: string) => Promise<ScopedRef>,
  ): Promise<RepositoryAccess> {
    const { url, username, usernameRef, passwordRef, sshKeyRef } = gitAccessOf(
      row.identifier,
      connectorBodyOf(row),
      repo,
    );
    if (sshKeyRef !== undefined)
      throw new AppError(
        'NOT_IMPLEMENTED',
        `connector "${row.identifier}" goes over SSH; branches, commits and files can be looked at over HTTP only, while steps fetch over SSH too`,
      );
    const refs = await Promise.all([usernameRef, passwordRef].filter((ref) => ref !== undefined).map(resolve));
    const values = await this.values.read(ctx, refs, { purpose: 'scm', connector: row.identifier });
    const user = usernameRef ? values.shift() : username;
    return { url, ...(user ? { username: user } : {}), ...(passwordRef ? { password: values[0] ?? '' } : {}) };
  }
}
