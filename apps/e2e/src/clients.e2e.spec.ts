import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '@sluice/local-stack';
import { dbdevopsScenarios } from './clients/dbdevops.scenarios.js';
import { pipelineScenarios } from './clients/pipelines.scenarios.js';
import { platformScenarios } from './clients/platform.scenarios.js';
import { sessionScenarios } from './clients/session.scenarios.js';
import { terraformScenarios } from './clients/terraform.scenarios.js';

jest.setTimeout(60_000);

/** The call lists of the clients that exist (api-contract 7): each row is sent as that client sends it, and what it reads is looked at. */
describe('existing clients', () => {
  let running: Stack | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
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

  platformScenarios(stack);
  dbdevopsScenarios(stack);
  pipelineScenarios(stack);
  terraformScenarios(stack);
  sessionScenarios(stack);
});
