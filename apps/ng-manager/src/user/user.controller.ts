import { Controller } from '@nestjs/common';
import type { NgPage, RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  addUsers,
  aggregateUsers,
  batchUsers,
  createUser,
  deleteUser,
  getUser,
  getUserAggregate,
  updateUser,
  updateUserInfo,
  type UserAggregate,
  type UserInfo,
  type UserMetadata,
} from '@sluice/ng-manager-api';
import { AdmissionService } from '../access/admission.service.js';
import { DepartureService } from '../access/departure.service.js';
import { UserService } from './user.service.js';

@Controller()
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly admissions: AdmissionService,
    private readonly departures: DepartureService,
  ) {}

  @Route(aggregateUsers)
  aggregate(@Call() { scope, query, body }: RouteCall<typeof aggregateUsers>): Promise<NgPage<UserAggregate>> {
    const page = {
      index: query.pageIndex,
      size: query.pageSize,
      search: query.searchTerm ?? body?.searchTerm ?? undefined,
      sort: query.sortOrders,
    };
    return this.users.aggregate(scope, page, body);
  }

  @Route(batchUsers)
  batch(@Call() { scope, query, body }: RouteCall<typeof batchUsers>): Promise<NgPage<UserMetadata>> {
    return this.users.batch(
      scope,
      {
        index: query.pageIndex,
        size: query.pageSize,
        search: query.searchTerm ?? body?.searchTerm ?? undefined,
        sort: query.sortOrders,
      },
      body,
    );
  }

  @Route(addUsers)
  async add(@Call() { ctx, scope, body }: RouteCall<typeof addUsers>): Promise<RouteResult<typeof addUsers>> {
    return { addUserResponseMap: await this.admissions.admit(ctx, scope, body) };
  }

  @Route(updateUserInfo)
  updateInfo(@Call() { ctx, body }: RouteCall<typeof updateUserInfo>): Promise<UserInfo> {
    return this.users.updateInfo(ctx, body);
  }

  @Route(getUserAggregate)
  aggregateOne(@Call() { scope, params }: RouteCall<typeof getUserAggregate>): Promise<UserAggregate> {
    return this.users.aggregateOne(scope, params.userId);
  }

  @Route(createUser)
  create(@Call() { ctx, body }: RouteCall<typeof createUser>): Promise<UserMetadata> {
    return this.users.create(ctx, body);
  }

  @Route(getUser)
  get(@Call() { ctx, params }: RouteCall<typeof getUser>): Promise<UserMetadata> {
    return this.users.get(ctx, params.userId);
  }

  @Route(updateUser)
  update(@Call() { ctx, params, body }: RouteCall<typeof updateUser>): Promise<UserMetadata> {
    return this.users.update(ctx, params.userId, body);
  }

  @Route(deleteUser)
  delete(@Call() { ctx, scope, params }: RouteCall<typeof deleteUser>): Promise<boolean> {
    return scope.level === 'account'
      ? this.users.delete(ctx, params.userId)
      : this.departures.leave(ctx, scope, params.userId);
  }
}
