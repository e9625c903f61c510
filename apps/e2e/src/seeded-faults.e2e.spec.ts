import { describe } from '@jest/globals';
import { delegateScenarios } from './faults/delegate.scenarios.js';
import { diskScenarios } from './faults/disk.scenarios.js';
import { isSeparate } from './faults/fault-seed.js';
import { killScenarios } from './faults/kill.scenarios.js';
import { lockScenarios } from './faults/lock.scenarios.js';
import { outageScenarios } from './faults/outage.scenarios.js';
import { storeDiskScenarios } from './faults/store-disk.scenarios.js';
import { ownStack } from './harness/own-stack.js';

describe('a deployment of ten changesets that a fault hits', () => {
  const stack = ownStack({
    isSeparate,
    environment: {
      pipeline: { PIPELINE_ABORT_TIMEOUT_MS: '30000' },
      'delegate-service': {
        DELEGATE_SERVICE_LEASE_MS: '20000',
        DELEGATE_SERVICE_FENCE_MS: '8000',
        DELEGATE_SERVICE_HEARTBEAT_MS: '1500',
        DELEGATE_SERVICE_SCAN_MS: '200',
      },
      delegate: { DELEGATE_WATCHDOG_MS: '12000', DELEGATE_STOP_GRACE_MS: '2000' },
    },
  });

  killScenarios(stack);
  lockScenarios(stack);
  outageScenarios(stack);
  delegateScenarios(stack);
  diskScenarios(stack);
  storeDiskScenarios(stack);
});
