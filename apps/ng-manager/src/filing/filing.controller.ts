import { Controller } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { Call, Route, scopeOfRequest, type RouteCall } from '@sluice/http';
import type { RequestContext, Scope } from '@sluice/kernel';
import {
  createEnvironment,
  createInfrastructure,
  createService,
  deleteEnvironment,
  deleteInfrastructure,
  deleteService,
  getEnvironment,
  getInfrastructure,
  getService,
  listEnvironments,
  listInfrastructures,
  listServices,
  updateEnvironment,
  updateInfrastructure,
  updateService,
  upsertEnvironment,
  upsertInfrastructure,
  upsertService,
  type EnvironmentResponse,
  type FilingKind,
  type InfrastructureResponse,
  type ServiceResponse,
} from '@sluice/ng-manager-api';
import { presentEnvironment, presentInfrastructure, presentService, rowOf } from './filing-view.js';
import type { FilingKey, FilingRow } from './filing.repository.js';
import { FilingService, environmentOf, type Filing, type Writing } from './filing.service.js';

type ServiceWrite = Pick<RouteCall<typeof createService>, 'ctx' | 'scope' | 'body'>;
type EnvironmentWrite = Pick<RouteCall<typeof createEnvironment>, 'ctx' | 'scope' | 'body'>;
type InfrastructureWrite = Pick<RouteCall<typeof createInfrastructure>, 'ctx' | 'scope' | 'body'>;
type ListQuery = RouteCall<typeof listServices>['query'];

/** Services, environments and infrastructures, in the form of `/ng/api`. */
@Controller()
export class FilingController {
  constructor(private readonly filing: FilingService) {}

  @Route(createService)
  createService(@Call() call: RouteCall<typeof createService>): Promise<ServiceResponse> {
    return this.writeService(call, 'create');
  }

  @Route(updateService)
  updateService(@Call() call: RouteCall<typeof updateService>): Promise<ServiceResponse> {
    return this.writeService(call, 'replace');
  }

  @Route(upsertService)
  upsertService(@Call() call: RouteCall<typeof upsertService>): Promise<ServiceResponse> {
    return this.writeService(call, 'either');
  }

  @Route(getService)
  async getService(@Call() { ctx, params, query }: RouteCall<typeof getService>): Promise<ServiceResponse> {
    return presentService(
      await this.filing.get(keyOf('service', scopeOfRequest(ctx, {}, query), params.serviceIdentifier)),
    );
  }

  @Route(deleteService)
  deleteService(@Call() { ctx, params, query }: RouteCall<typeof deleteService>): Promise<boolean> {
    return this.filing.delete(
      ctx,
      keyOf('service', scopeOfRequest(ctx, {}, query), params.serviceIdentifier),
      query.forceDelete ?? false,
    );
  }

  @Route(listServices)
  listServices(@Call() { ctx, query }: RouteCall<typeof listServices>): Promise<NgPage<ServiceResponse>> {
    return this.page(ctx, 'service', '', query, presentService);
  }

  @Route(createEnvironment)
  createEnvironment(@Call() call: RouteCall<typeof createEnvironment>): Promise<EnvironmentResponse> {
    return this.writeEnvironment(call, 'create');
  }

  @Route(updateEnvironment)
  updateEnvironment(@Call() call: RouteCall<typeof updateEnvironment>): Promise<EnvironmentResponse> {
    return this.writeEnvironment(call, 'replace');
  }

  @Route(upsertEnvironment)
  upsertEnvironment(@Call() call: RouteCall<typeof upsertEnvironment>): Promise<EnvironmentResponse> {
    return this.writeEnvironment(call, 'either');
  }

  @Route(getEnvironment)
  async getEnvironment(@Call() { ctx, params, query }: RouteCall<typeof getEnvironment>): Promise<EnvironmentResponse> {
    return presentEnvironment(
      await this.filing.get(keyOf('environment', scopeOfRequest(ctx, {}, query), params.environmentIdentifier)),
    );
  }

  @Route(deleteEnvironment)
  deleteEnvironment(@Call() { ctx, params, query }: RouteCall<typeof deleteEnvironment>): Promise<boolean> {
    return this.filing.delete(
      ctx,
      keyOf('environment', scopeOfRequest(ctx, {}, query), params.environmentIdentifier),
      query.forceDelete ?? false,
    );
  }

  @Route(listEnvironments)
  listEnvironments(@Call() { ctx, query }: RouteCall<typeof listEnvironments>): Promise<NgPage<EnvironmentResponse>> {
    return this.page(ctx, 'environment', '', query, presentEnvironment);
  }

  @Route(createInfrastructure)
  createInfrastructure(@Call() call: RouteCall<typeof createInfrastructure>): Promise<InfrastructureResponse> {
    return this.writeInfrastructure(call, 'create');
  }

  @Route(updateInfrastructure)
  updateInfrastructure(@Call() call: RouteCall<typeof updateInfrastructure>): Promise<InfrastructureResponse> {
    return this.writeInfrastructure(call, 'replace');
  }

  @Route(upsertInfrastructure)
  upsertInfrastructure(@Call() call: RouteCall<typeof upsertInfrastructure>): Promise<InfrastructureResponse> {
    return this.writeInfrastructure(call, 'either');
  }

  @Route(getInfrastructure)
  async getInfrastructure(
    @Call() { ctx, params, query }: RouteCall<typeof getInfrastructure>,
  ): Promise<InfrastructureResponse> {
    return presentInfrastructure(
      await this.filing.get(
        infrastructureKey(scopeOfRequest(ctx, {}, query), query.environmentIdentifier, params.infraIdentifier),
      ),
    );
  }

  @Route(deleteInfrastructure)
  deleteInfrastructure(@Call() { ctx, params, query }: RouteCall<typeof deleteInfrastructure>): Promise<boolean> {
    return this.filing.delete(
      ctx,
      infrastructureKey(scopeOfRequest(ctx, {}, query), query.environmentIdentifier, params.infraIdentifier),
      query.forceDelete ?? false,
    );
  }

  @Route(listInfrastructures)
  listInfrastructures(
    @Call() { ctx, query }: RouteCall<typeof listInfrastructures>,
  ): Promise<NgPage<InfrastructureResponse>> {
    return this.page(
      ctx,
      'infrastructure',
      environmentOf(scopeOfRequest(ctx, {}, query), 'environmentIdentifier', query.environmentIdentifier),
      query,
      presentInfrastructure,
    );
  }

  private async writeService({ ctx, scope, body }: ServiceWrite, writing: Writing): Promise<ServiceResponse> {
    return presentService(
      await this.filing.write(ctx, keyOf('service', scope, body.identifier), filingOf(body, {}), writing),
    );
  }

  private async writeEnvironment(
    { ctx, scope, body }: EnvironmentWrite,
    writing: Writing,
  ): Promise<EnvironmentResponse> {
    return presentEnvironment(
      await this.filing.write(
        ctx,
        keyOf('environment', scope, body.identifier),
        filingOf(body, { type: body.type, color: body.color }),
        writing,
      ),
    );
  }

  private async writeInfrastructure(
    { ctx, scope, body }: InfrastructureWrite,
    writing: Writing,
  ): Promise<InfrastructureResponse> {
    const key: FilingKey = {
      scope,
      kind: 'infrastructure',
      environment: environmentOf(scope, 'environmentRef', body.environmentRef),
      identifier: body.identifier,
    };
    return presentInfrastructure(
      await this.filing.write(
        ctx,
        key,
        filingOf(body, { type: body.type, deploymentType: body.deploymentType, environmentRef: body.environmentRef }),
        writing,
      ),
    );
  }

  private async page<T extends object>(
    ctx: RequestContext,
    kind: FilingKind,
    environment: string,
    query: ListQuery,
    present: (row: FilingRow) => T,
  ): Promise<NgPage<T>> {
    const { rows, total } = await this.filing.list(
      { scope: scopeOfRequest(ctx, {}, query), kind, environment },
      { index: query.page, size: query.size, search: query.searchTerm, sort: query.sort },
    );
    return toNgPage(
      rows.map((row) => rowOf(row, present(row))),
      total,
      query.page,
      query.size,
    );
  }
}

function keyOf(kind: FilingKind, scope: Scope, identifier: string): FilingKey {
  return { scope, kind, environment: '', identifier };
}

function infrastructureKey(scope: Scope, environmentRef: string, identifier: string): FilingKey {
  return {
    scope,
    kind: 'infrastructure',
    environment: environmentOf(scope, 'environmentIdentifier', environmentRef),
    identifier,
  };
}

function filingOf(
  { identifier, name, description, tags, yaml }: ServiceWrite['body'],
  traits: Readonly<Record<string, string | null | undefined>>,
): Filing {
  const given = Object.entries(traits).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
  );
  return {
    identifier,
    name,
    description: description ?? null,
    tags: tags ?? {},
    traits: Object.fromEntries(given),
    yaml,
  };
}
