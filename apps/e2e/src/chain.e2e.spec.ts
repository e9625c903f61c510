import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '@sluice/local-stack';
import { browserScenarios } from './browser.scenarios.js';
import { canaryScenarios } from './canary.scenarios.js';
import { cliScenarios } from './cli.scenarios.js';
import { corporaScenarios } from './corpora.scenarios.js';
import { deploymentScenarios } from './deployment.scenarios.js';
import { failureScenarios } from './failures.scenarios.js';

jest.setTimeout(150_000);

/** Scenarios that leave the stack as they found it share one. */
describe('the whole chain', () => {
  let running: Stack | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-chain-'));
  const stack = (): Stack => {
    if (!running) throw new Error('the stack did not start');
    return running;
  };

  beforeAll(async () => {
    running = await startStack({ dataDir, ports: { kind: 'free' } });
  }, 180_000);

  afterAll(async () => {
    await running?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  deploymentScenarios(stack);
  failureScenarios(stack);
  canaryScenarios(stack);
  corporaScenarios(stack);
  cliScenarios(stack);
  browserScenarios(stack);
});
