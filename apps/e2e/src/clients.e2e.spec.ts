import { describe, jest } from '@jest/globals';
import { dbdevopsScenarios } from './clients/dbdevops.scenarios.js';
import { pipelineScenarios } from './clients/pipelines.scenarios.js';
import { platformScenarios } from './clients/platform.scenarios.js';
import { removalScenarios } from './clients/removal.scenarios.js';
import { sessionScenarios } from './clients/session.scenarios.js';
import { sharingScenarios } from './clients/sharing.scenarios.js';
import { terraformScenarios } from './clients/terraform.scenarios.js';
import { ownStack } from './harness/own-stack.js';

jest.setTimeout(1_200_000);

/** The call lists of the clients that exist (api-contract 7): each row is sent as that client sends it, and what it reads is looked at. */
describe('existing clients', () => {
  const stack = ownStack();

  platformScenarios(stack);
  dbdevopsScenarios(stack);
  pipelineScenarios(stack);
  terraformScenarios(stack);
  sessionScenarios(stack);
  removalScenarios(stack);
  sharingScenarios(stack);
});
