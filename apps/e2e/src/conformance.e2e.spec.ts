import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '@sluice/local-stack';
import { fuzzScenarios } from './conformance/fuzz.scenarios.js';
import { makePrincipals } from './conformance/principals.js';
import { makeWorld } from './conformance/make-world.js';
import { routeScenarios } from './conformance/routes.scenarios.js';
import type { Suite } from './conformance/suite.js';

jest.setTimeout(30_000);

/** Hundreds of requests from one address are what this is about. */
const NO_LIMITS = { GATEWAY_RATE_LIMIT_PER_SECOND: '100000', GATEWAY_RATE_LIMIT_BURST: '100000', GATEWAY_SIGN_IN_FAILURES_PER_MINUTE: '100000' };

describe('conformance', () => {
  let stack: Stack | undefined;
  let running: Suite | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  const suite = (): Suite => {
    if (!running) throw new Error('the stack did not start');
    return running;
  };

  beforeAll(async () => {
    stack = await startStack({ dataDir, ports: { kind: 'free' }, extraAccounts: ['Other'], environment: { gateway: NO_LIMITS } });
    const world = await makeWorld(stack);
    running = { stack, world, principals: await makePrincipals(stack, world) };
  }, 240_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  routeScenarios(suite);
  // Last, because it breaks what it can.
  fuzzScenarios(suite);
});
