import { Controller } from '@nestjs/common';
import type { NgPage, RouteResult } from '@sluice/api-conventions';
import { Call, Route, scopeOfRequest, type RouteCall } from '@sluice/http';
import { projectScope } from '@sluice/kernel';
import {
  createVariable,
  deleteVariable,
  getVariable,
  listVariables,
  resolveVariables,
  updateVariable,
  type VariableResponse,
} from '@sluice/ng-manager-api';
import { VariableService } from './variable.service.js';

@Controller()
export class VariableController {
  constructor(private readonly variables: VariableService) {}

  @Route(createVariable)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createVariable>): Promise<VariableResponse> {
    return this.variables.create(ctx, scope, body.variable);
  }

  @Route(updateVariable)
  update(@Call() { ctx, scope, body }: RouteCall<typeof updateVariable>): Promise<VariableResponse> {
    return this.variables.update(ctx, scope, body.variable);
  }

  @Route(getVariable)
  get(@Call() { ctx, params, query }: RouteCall<typeof getVariable>): Promise<VariableResponse> {
    return this.variables.get({ scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier });
  }

  @Route(deleteVariable)
  delete(@Call() { ctx, params, query }: RouteCall<typeof deleteVariable>): Promise<boolean> {
    return this.variables.delete(
      ctx,
      { scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier },
      query.forceDelete ?? false,
    );
  }

  @Route(listVariables)
  list(@Call() { ctx, query }: RouteCall<typeof listVariables>): Promise<NgPage<VariableResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    return this.variables.list(scopeOfRequest(ctx, {}, query), page, query.includeVariablesFromEverySubScope ?? false);
  }

  @Route(resolveVariables)
  values(@Call() { ctx, body }: RouteCall<typeof resolveVariables>): Promise<RouteResult<typeof resolveVariables>> {
    return this.variables.values(projectScope(ctx.accountId, body.orgId, body.projectId), body);
  }
}
