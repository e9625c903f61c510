import { describe, expect, it } from '@jest/globals';

import { connectionText, connectorFacts, secretFacts } from './setup-facts.js';

const entity = {
  identifier: 'db',
  name: 'DB',
  type: 'JDBC',
  description: null,
  tags: {},
  spec: { url: 'jdbc:postgresql://h/db' },
};

describe('what is said of a connector', () => {
  it.each([
    ['was never tested', null, /^Not tested$/],
    ['works', { status: 'SUCCESS' as const, errorSummary: null }, /^Works, tested /],
    ['does not work', { status: 'FAILURE' as const, errorSummary: 'no route' }, /^Does not work, tested .*: no route$/],
    ['has a status that says nothing', { status: 'UNKNOWN' as const, errorSummary: null }, /^Not tested$/],
  ])('is how its connection stands when it %s', (_what, status, text) => {
    expect(
      connectionText(status && { ...status, errors: [], testedAt: 1, lastTestedAt: 1, lastConnectedAt: null }),
    ).toMatch(text);
  });

  it('is its type and settings', () => {
    const facts = connectorFacts({
      connector: entity,
      status: null,
      createdAt: 1,
      lastModifiedAt: 2,
      harnessManaged: false,
    });
    expect(facts).toMatchObject({ Identifier: 'db', Type: 'JDBC', Settings: { url: 'jdbc:postgresql://h/db' } });
  });
});

describe('what is said of a connector that leads to a database without a driver', () => {
  it('is what is not done with it', () => {
    const shown = { connector: entity, status: null, createdAt: 1, lastModifiedAt: 2, harnessManaged: false };
    expect(
      connectorFacts({ ...shown, warnings: [{ field: 'connector.spec.url', message: 'there is no driver' }] }),
    ).toMatchObject({ Note: 'there is no driver' });
    expect(connectorFacts(shown)).not.toHaveProperty('Note');
  });
});

describe('what is said of a secret', () => {
  it('is whether it has a value, never the value', () => {
    const secret = {
      ...entity,
      type: 'SecretText',
      spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline' },
    };
    expect([
      secretFacts({ secret, draft: false, createdAt: 1, updatedAt: 2 })['State'],
      secretFacts({ secret, draft: true, createdAt: 1, updatedAt: 2 })['State'],
    ]).toEqual(['Has a value', 'Draft: it has no value yet']);
  });
});
