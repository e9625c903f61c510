import { describe, jest } from '@jest/globals';
import { browserScenarios } from './browser.scenarios.js';
import { canaryScenarios } from './canary.scenarios.js';
import { cliScenarios } from './cli.scenarios.js';
import { corporaScenarios } from './corpora.scenarios.js';
import { deploymentScenarios } from './deployment.scenarios.js';
import { failureScenarios } from './failures.scenarios.js';
import { ownStack } from './harness/own-stack.js';

jest.setTimeout(1_200_000);

/** Scenarios that leave the stack as they found it share one. */
describe('the whole chain', () => {
  const stack = ownStack();

  deploymentScenarios(stack);
  failureScenarios(stack);
  canaryScenarios(stack);
  corporaScenarios(stack);
  cliScenarios(stack);
  browserScenarios(stack);
});
