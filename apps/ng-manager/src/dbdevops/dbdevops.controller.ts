import { Controller, Inject, type Type } from '@nestjs/common';
import type { RouteDefinition } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { DbDevopsForwarder } from './dbdevops-forwarder.js';

/** A controller with one forwarding method per route: the routes are data, so their handlers are made rather than written. */
export function forwardingController(routes: readonly RouteDefinition[]): Type {
  @Controller()
  class DbDevopsController {
    constructor(@Inject(DbDevopsForwarder) readonly forwarder: DbDevopsForwarder) {}
  }
  for (const route of routes) {
    const handler = function (this: DbDevopsController, call: RouteCall): Promise<unknown> {
      return this.forwarder.forward(route, call);
    };
    const descriptor = { value: handler, writable: true, configurable: true, enumerable: false };
    Object.defineProperty(DbDevopsController.prototype, route.id, descriptor);
    Call()(DbDevopsController.prototype, route.id, 0);
    Route(route)(DbDevopsController.prototype, route.id, descriptor);
  }
  return DbDevopsController;
}
