import { Controller, Inject, Module, type DynamicModule } from '@nestjs/common';
import type { SecurityEventRecord } from '@sluice/api-conventions';
import { Call, Route, startHttpApp, type RouteCall, type RunningApp } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { holderOfKey, receiveSecurityEvents, type SignedIn } from '@sluice/ng-manager-api';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import type { TestIdentities } from '@sluice/testing';

/** Keys ng-manager knows in these specs, as `account/key`; those that are missing were revoked. */
export type KeysOfNgManager = Map<string, Pick<SignedIn, 'principal' | 'grants'>>;
const KEYS = Symbol('KeysOfNgManager');
const EVENTS = Symbol('SecurityEventsOfNgManager');
/** The answer is remembered this long, so that a spec sees a revocation soon. */
const CACHE_MS = 50;

@Controller()
class HolderController {
  constructor(
    @Inject(KEYS) private readonly keys: KeysOfNgManager,
    @Inject(EVENTS) private readonly events: SecurityEventRecord[],
  ) {}

  @Route(holderOfKey)
  holder(@Call() { ctx, params }: RouteCall<typeof holderOfKey>): SignedIn {
    const known = this.keys.get(`${ctx.accountId}/${params.keyId}`);
    if (!known) throw new AppError('REVOKED_TOKEN', 'the API key was revoked; create a new one');
    return { ...known, grants: [...known.grants], accountId: ctx.accountId, keyId: params.keyId, cacheMs: CACHE_MS };
  }

  @Route(receiveSecurityEvents)
  receive(@Call() { body }: RouteCall<typeof receiveSecurityEvents>) {
    for (const { event } of body.events)
      if (!this.events.some(({ eventId }) => eventId === event.eventId)) this.events.push(event);
    return { received: body.events.length };
  }
}

@Module({})
class NgManagerDouble {
  static with(keys: KeysOfNgManager, events: SecurityEventRecord[]): DynamicModule {
    return {
      module: NgManagerDouble,
      controllers: [HolderController],
      providers: [
        { provide: KEYS, useValue: keys },
        { provide: EVENTS, useValue: events },
      ],
    };
  }
}

/** An ng-manager that knows whose a key is and collects security events; it checks calls and answers by the contract. */
export async function startNgManagerDouble(
  identities: TestIdentities,
  keys: KeysOfNgManager,
  events: SecurityEventRecord[] = [],
): Promise<RunningApp> {
  return startHttpApp({
    service: 'ng-manager',
    module: NgManagerDouble.with(keys, events),
    host: '127.0.0.1',
    port: 0,
    identity: await identities.of('ng-manager'),
    log: createLogger('ng-manager', 'silent'),
    tracing: Tracing.create('ng-manager'),
    metrics: new Metrics('ng-manager'),
    routes: [],
    errorStyle: () => 'internal',
    checkReady: async () => undefined,
  });
}
