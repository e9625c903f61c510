import { describe, expect, it } from '@jest/globals';
import { storableText } from '@sluice/kernel';
import { displayName, earlierIdentifierOf, identifierOf } from './entity-names.js';

describe('identifiers of a deployment', () => {
  it('are the name itself where it can be one', () => {
    for (const name of ['orders', 'Orders_2', '_x']) expect(identifierOf(name, '')).toBe(name);
  });

  it('are different for different names, in any script, and valid', () => {
    const names = [
      '1st try!',
      '1st try?',
      '1st_try',
      'データ',
      '数据库',
      'база',
      'база1',
      'é',
      'e',
      'a b',
      'a-b',
      'a_b',
      'A_b',
      '!',
      '?',
      `${'x'.repeat(90)}1`,
      `${'x'.repeat(90)}2`,
      'a b_12345678',
    ];
    const identifiers = names.map((name) => identifierOf(name, ''));
    expect(new Set(identifiers).size).toBe(names.length);
    for (const identifier of identifiers) expect(identifier).toMatch(/^[A-Za-z_]\w{0,99}$/);
  });

  it('cannot be met by a name that looks like one with a digest', () => {
    const lookalike = identifierOf('a b', '');
    expect(identifierOf(lookalike, '')).not.toBe(lookalike);
  });

  it('tell unnamed deployments apart by what makes them up', () => {
    expect(identifierOf('orders to orders', 'one')).toMatch(/^orders_to_orders_[0-9a-f]{8}$/);
    expect(identifierOf('orders to orders', 'one')).not.toBe(identifierOf('orders to orders', 'two'));
  });

  it('know what earlier versions made', () => expect(earlierIdentifierOf('1st try!')).toBe('_1st_try_'));
});

it('names of entities fit, whatever the name of the deployment, and are cut at the border of a character', () => {
  expect(displayName('orders', ': database password')).toBe('orders: database password');
  for (const name of ['n'.repeat(128), 'n'.repeat(5_000), '😀'.repeat(100), `n${'😀'.repeat(100)}`]) {
    for (const what of ['', ': database password']) {
      const shown = displayName(name, what);
      expect(shown.length).toBeLessThanOrEqual(128);
      expect(shown.length).toBeGreaterThan(124);
      expect(shown.endsWith(what)).toBe(true);
      expect(storableText(shown)).toBe(shown);
    }
  }
});
