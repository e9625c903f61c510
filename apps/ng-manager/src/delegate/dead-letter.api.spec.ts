import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeadLetterRecord } from '@sluice/delegate-rpc';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const letter = (id: number, accountId: string): DeadLetterRecord => ({
  id,
  scope: { accountId, orgId: 'default', projectId: 'shop' },
  consumer: 'pipeline',
  taskId: `task-${id}`,
  event: 'ended',
  outcome: 'late',
  reason: 'there is no such instance',
  attempts: 1,
  eventAtMs: 1,
  setAsideAtMs: 2,
});

describe('dead letters', () => {
  let ng: NgManagerUnderTest;
  beforeAll(async () => {
    ng = await startNgManager();
    ng.delegateService.letters.push(letter(3, 'A1'), letter(2, 'A1'), letter(1, 'A2'));
  }, 300_000);
  afterAll(() => ng.stop());

  it('are listed page by page to administrators of their account, and to nobody else', async () => {
    const { status, body } = await ng.as('A1')(
      'GET',
      '/ng/api/dead-letters?accountIdentifier=A1&pageSize=1&pageIndex=1',
    );
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      totalItems: 2,
      pageIndex: 1,
      content: [
        {
          id: 2,
          orgIdentifier: 'default',
          projectIdentifier: 'shop',
          service: 'pipeline',
          taskId: 'task-2',
          event: 'ended',
          outcome: 'late',
          reason: 'there is no such instance',
          attempts: 1,
          occurredAt: 1,
          setAsideAt: 2,
        },
      ],
    });
    expect((await ng.as('A1', [{ role: 'viewer' }])('GET', '/ng/api/dead-letters?accountIdentifier=A1')).status).toBe(
      403,
    );
    expect((await ng.as('A1')('GET', '/ng/api/dead-letters?accountIdentifier=A1&pageSize=101')).status).toBe(400);
  });

  it('are sent again by administrators of their account, which the audit trail tells', async () => {
    const redrive = (id: number, grants?: Parameters<NgManagerUnderTest['as']>[1]) =>
      ng.as('A1', grants)('POST', `/ng/api/dead-letters/${id}/redrive?accountIdentifier=A1`);
    expect((await redrive(3, [{ role: 'viewer' }])).status).toBe(403);
    expect((await redrive(1)).status).toBe(404);
    expect((await redrive(3)).body.data).toBe(true);
    expect((await redrive(3)).status).toBe(404);
    expect(ng.delegateService.letters.map(({ id }) => id)).toEqual([2, 1]);
    const trail = await ng.as('A1')('POST', '/ng/api/audits/list?accountIdentifier=A1', {});
    expect(trail.body.data.content[0]).toMatchObject({
      action: 'UPDATE',
      resource: { type: 'DEAD_LETTER', identifier: '3' },
      details: { sentAgain: true },
    });
  });
});
