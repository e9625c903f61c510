import { describe, expect, it } from '@jest/globals';
import { securityEventRecord } from '@sluice/api-conventions';
import { accountScope, projectScope } from '@sluice/kernel';
import { securityEventOf } from './security-event.js';
import type { EventContext } from './who.js';

const ctx: EventContext = {
  principal: { type: 'user', id: 'u', name: 'Ann\u0000', email: 'ann@example.com' },
  correlationId: 'c',
  origin: { clientAddress: '192.0.2.1', keyId: 'k' },
};

describe('a security event', () => {
  it('says who, what, where and from where, in a form that can be handed on', () => {
    const event = securityEventOf(ctx, {
      kind: 'connectorTest',
      outcome: 'allowed',
      scope: projectScope('A', 'o', 'p'),
      resourceType: 'connector',
      identifier: 'hub',
    });
    expect(securityEventRecord.parse(event)).toEqual(event);
    expect(event).toMatchObject({
      accountId: 'A',
      orgId: 'o',
      projectId: 'p',
      count: 1,
      origin: { clientAddress: '192.0.2.1', keyId: 'k' },
      actor: { id: 'u' },
    });
    expect(event.actor.name).not.toContain('\u0000');
  });

  it('holds no secret and no endless text, whatever is given', () => {
    const event = securityEventOf(ctx, {
      kind: 'accessDenied',
      outcome: 'refused',
      scope: accountScope('A'),
      resourceType: 'route',
      identifier: 'x'.repeat(5_000),
      details: { password: 'hunter2' },
      count: 7,
    });
    expect(JSON.stringify(event)).not.toContain('hunter2');
    expect(event).toMatchObject({ count: 7, orgId: null, projectId: null });
    expect(event.identifier).toHaveLength(1_024);
  });
});
