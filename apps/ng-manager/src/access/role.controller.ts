import { Controller } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  createRoleAssignment, deleteRoleAssignment, getRoleAssignment, listRoleAssignments, listRoles, type RoleAssignmentResponse, type RoleResponse,
} from '@sluice/ng-manager-api';
import { RoleService } from './role.service.js';
import { rolesAt } from './roles.js';

@Controller()
export class RoleController {
  constructor(private readonly roles: RoleService) {}

  @Route(listRoles)
  async list(@Call() { scope, query }: RouteCall<typeof listRoles>): Promise<NgPage<RoleResponse>> {
    const wanted = query.searchTerm?.toLowerCase() ?? '';
    const roles = rolesAt(scope).filter(({ role }) => `${role.identifier} ${role.name}`.toLowerCase().includes(wanted));
    const start = query.pageIndex * query.pageSize;
    return toNgPage(roles.slice(start, start + query.pageSize), roles.length, query.pageIndex, query.pageSize);
  }

  @Route(createRoleAssignment)
  assign(@Call() { ctx, scope, body }: RouteCall<typeof createRoleAssignment>): Promise<RoleAssignmentResponse> {
    return this.roles.assign(ctx, scope, body);
  }

  @Route(listRoleAssignments)
  assignments(@Call() { scope, query }: RouteCall<typeof listRoleAssignments>): Promise<NgPage<RoleAssignmentResponse>> {
    return this.roles.list(scope, { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders }, query);
  }

  @Route(getRoleAssignment)
  assignment(@Call() { scope, params }: RouteCall<typeof getRoleAssignment>): Promise<RoleAssignmentResponse> {
    return this.roles.get(scope, params.identifier);
  }

  @Route(deleteRoleAssignment)
  withdraw(@Call() { ctx, scope, params }: RouteCall<typeof deleteRoleAssignment>): Promise<RoleAssignmentResponse> {
    return this.roles.withdraw(ctx, scope, params.identifier);
  }
}
