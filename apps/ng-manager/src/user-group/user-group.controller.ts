import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  addGroupMember,
  createUserGroup,
  createUserGroupV2,
  deleteUserGroup,
  filterUserGroups,
  getUserGroup,
  isGroupMember,
  listGroupMembers,
  listUserGroups,
  removeGroupMember,
  updateUserGroup,
  updateUserGroupByPath,
  updateUserGroupV2,
  type UserGroupOut,
  type UserGroupOutV2,
  type UserMetadata,
} from '@sluice/ng-manager-api';
import { UserGroupService } from './user-group.service.js';

@Controller()
export class UserGroupController {
  constructor(private readonly groups: UserGroupService) {}

  @Route(createUserGroup)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createUserGroup>): Promise<UserGroupOut> {
    return this.groups.create(ctx, scope, body);
  }

  @Route(updateUserGroup)
  update(@Call() { ctx, scope, body }: RouteCall<typeof updateUserGroup>): Promise<UserGroupOut> {
    return this.groups.update(ctx, scope, body.identifier, body);
  }

  @Route(updateUserGroupByPath)
  updateByPath(@Call() { ctx, scope, params, body }: RouteCall<typeof updateUserGroupByPath>): Promise<UserGroupOut> {
    return this.groups.update(ctx, scope, params.identifier, body);
  }

  @Route(createUserGroupV2)
  createByEmail(@Call() { ctx, scope, body }: RouteCall<typeof createUserGroupV2>): Promise<UserGroupOutV2> {
    return this.groups.createByEmail(ctx, scope, body);
  }

  @Route(updateUserGroupV2)
  updateByEmail(@Call() { ctx, scope, body }: RouteCall<typeof updateUserGroupV2>): Promise<UserGroupOutV2> {
    return this.groups.updateByEmail(ctx, scope, body);
  }

  @Route(listUserGroups)
  list(@Call() { ctx, scope, query }: RouteCall<typeof listUserGroups>): Promise<NgPage<UserGroupOut>> {
    return this.groups.list(
      ctx,
      scope,
      { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders },
      query.filterType ?? 'EXCLUDE_INHERITED_GROUPS',
    );
  }

  @Route(filterUserGroups)
  filter(@Call() { ctx, scope, body }: RouteCall<typeof filterUserGroups>): Promise<UserGroupOut[]> {
    const { accountIdentifier, identifierFilter, userIdentifierFilter, databaseIdFilter, searchTerm, filterType } =
      body;
    const listed = (names: readonly string[] | null | undefined): readonly string[] | undefined =>
      names && names.length > 0 ? names : undefined;
    return this.groups.filtered(ctx, scope, {
      accountIdentifier,
      identifiers: listed(identifierFilter),
      userIds: listed(userIdentifierFilter),
      ids: listed(databaseIdFilter),
      searchTerm: searchTerm || undefined,
      reach: filterType ?? 'EXCLUDE_INHERITED_GROUPS',
    });
  }

  @Route(getUserGroup)
  get(@Call() { ctx, scope, params }: RouteCall<typeof getUserGroup>): Promise<UserGroupOut> {
    return this.groups.get(ctx, scope, params.identifier);
  }

  @Route(deleteUserGroup)
  delete(@Call() { ctx, scope, params }: RouteCall<typeof deleteUserGroup>): Promise<UserGroupOut> {
    return this.groups.delete(ctx, scope, params.identifier);
  }

  @Route(listGroupMembers)
  members(@Call() { scope, params, query }: RouteCall<typeof listGroupMembers>): Promise<NgPage<UserMetadata>> {
    return this.groups.members(scope, params.identifier, {
      index: query.pageIndex,
      size: query.pageSize,
      search: query.searchTerm,
      sort: query.sortOrders,
    });
  }

  @Route(isGroupMember)
  isMember(@Call() { scope, params }: RouteCall<typeof isGroupMember>): Promise<boolean> {
    return this.groups.isMember(scope, params.identifier, params.userId);
  }

  @Route(addGroupMember)
  addMember(@Call() { ctx, scope, params }: RouteCall<typeof addGroupMember>): Promise<UserGroupOut> {
    return this.groups.addMember(ctx, scope, params.identifier, params.userId);
  }

  @Route(removeGroupMember)
  removeMember(@Call() { ctx, scope, params }: RouteCall<typeof removeGroupMember>): Promise<UserGroupOut> {
    return this.groups.removeMember(ctx, scope, params.identifier, params.userId);
  }
}
