import { Controller } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  createRoleAssignment,
  deleteRoleAssignment,
  getRoleAssignment,
  listRoleAssignments,
  listRoles,
  type RoleAssignmentResponse,
  type RoleResponse,
} from '@sluice/ng-manager-api';
import { RoleService, presentBinding } from './role.service.js';
import { roleNamed, rolesAt } from './roles.js';

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
  assign(
    @Call() { ctx, scope, body: { identifier, roleIdentifier, principal } }: RouteCall<typeof createRoleAssignment>,
  ): Promise<RoleAssignmentResponse> {
    return this.roles.bind(
      ctx,
      scope,
      { identifier: identifier ?? undefined, role: roleNamed(roleIdentifier), principal },
      presentBinding,
    );
  }

  @Route(listRoleAssignments)
  assignments(
    @Call() {
      scope,
      query: { roleIdentifier, principalIdentifier, principalType, ...query },
    }: RouteCall<typeof listRoleAssignments>,
  ): Promise<NgPage<RoleAssignmentResponse>> {
    const filter = {
      roles: roleIdentifier ? [roleNamed(roleIdentifier)] : undefined,
      principals: principalIdentifier
        ? [{ identifier: principalIdentifier, type: principalType ?? 'USER' }]
        : undefined,
      principalTypes:
        principalType === undefined
          ? undefined
          : principalType === 'USER_GROUP'
            ? [principalType]
            : (['USER', 'SERVICE_ACCOUNT'] as const),
    };
    return this.roles.list(
      scope,
      { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders },
      filter,
      presentBinding,
    );
  }

  @Route(getRoleAssignment)
  assignment(@Call() { scope, params }: RouteCall<typeof getRoleAssignment>): Promise<RoleAssignmentResponse> {
    return this.roles.get(scope, params.identifier, presentBinding);
  }

  @Route(deleteRoleAssignment)
  withdraw(@Call() { ctx, scope, params }: RouteCall<typeof deleteRoleAssignment>): Promise<RoleAssignmentResponse> {
    return this.roles.withdraw(ctx, scope, params.identifier, presentBinding);
  }
}
