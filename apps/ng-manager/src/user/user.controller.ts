import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { aggregateUsers, createUser, deleteUser, getUser, getUserAggregate, updateUser, type UserAggregate, type UserMetadata } from '@sluice/ng-manager-api';
import { DepartureService } from '../access/departure.service.js';
import { UserService } from './user.service.js';

@Controller()
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly departures: DepartureService,
  ) {}

  @Route(aggregateUsers)
  aggregate(@Call() { scope, query, body }: RouteCall<typeof aggregateUsers>): Promise<NgPage<UserAggregate>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm ?? body?.searchTerm ?? undefined, sort: query.sortOrders };
    return this.users.aggregate(scope, page, body?.roleIdentifiers ?? []);
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
    return scope.level === 'account' ? this.users.delete(ctx, params.userId) : this.departures.leave(ctx, scope, params.userId);
  }
}
