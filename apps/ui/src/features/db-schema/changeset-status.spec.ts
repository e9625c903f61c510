import { describe, expect, it } from '@jest/globals';

import { CHANGESET_STATUSES, cellOf, changesetStatusView } from './changeset-status.js';
import type { Changeset } from './db-schema.api.js';

const changeset: Changeset = {
  changeSet: '1',
  author: 'ana',
  fileName: 'a.sql',
  changeSetFQN: 'a.sql::1::ana',
  synced: false,
  updated: 1,
  instances: [
    {
      instance: 'dev',
      status: 'Deployment_Failed',
      pipeline: 'p',
      planExecutionId: 'E',
      stageExecutionId: 'S',
      error: 'no',
    },
  ],
};

describe('a changeset', () => {
  it('on an instance has the state the server tells', () => {
    expect(cellOf(changeset, 'dev')).toMatchObject({ status: 'Deployment_Failed', error: 'no' });
  });

  it('is not deployed where the server tells nothing', () => {
    expect(cellOf(changeset, 'prod')).toMatchObject({ instance: 'prod', status: 'Not_Deployed' });
  });

  it('has a text of its own for every state', () => {
    expect(new Set(CHANGESET_STATUSES.map((status) => changesetStatusView(status).label)).size).toBe(4);
  });
});
