import { beforeAll, describe, jest } from '@jest/globals';
import { fuzzScenarios } from './conformance/fuzz.scenarios.js';
import { makePrincipals } from './conformance/principals.js';
import { makeWorld } from './conformance/make-world.js';
import { routeScenarios } from './conformance/routes.scenarios.js';
import type { Suite } from './conformance/suite.js';
import { ownStack } from './harness/own-stack.js';

jest.setTimeout(120_000);

/** Hundreds of requests from one address are what this is about. */
const NO_LIMITS = {
  GATEWAY_RATE_LIMIT_PER_SECOND: '100000',
  GATEWAY_RATE_LIMIT_BURST: '100000',
  GATEWAY_SIGN_IN_FAILURES_PER_MINUTE: '100000',
};

describe('conformance', () => {
  const stack = ownStack({ extraAccounts: ['Other'], environment: { gateway: NO_LIMITS } });
  let running: Suite | undefined;
  const suite = (): Suite => {
    if (!running) throw new Error('the world was not made');
    return running;
  };

  beforeAll(async () => {
    const world = await makeWorld(stack());
    running = { stack: stack(), world, principals: await makePrincipals(stack(), world) };
  }, 900_000);

  routeScenarios(suite);
  // Last, because it breaks what it can.
  fuzzScenarios(suite);
});
