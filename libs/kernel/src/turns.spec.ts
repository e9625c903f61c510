import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('turns', () => {
  it('run work of one key one after the other, also after a failure, and of another key at once', async () => {
    const turns = new Turns();
    const told: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        told.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([
      turns.take('a', work('a1', true)),
      turns.take('a', work('a2')),
      turns.take('b', work('b1')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(told.filter((text) => text.startsWith('a'))).toEqual(['a1 begins', 'a1 ends', 'a2 begins', 'a2 ends']);
    expect(told.indexOf('b1 begins')).toBeLessThan(told.indexOf('a1 ends'));
  });

  it('say which keys are taken, from the moment they are asked for until the last work has ended', async () => {
    const turns = new Turns();
    const work = turns.take('a', () => new Promise((resolve) => setImmediate(resolve)));
    expect([turns.isTaken('a'), turns.isTaken('b')]).toEqual([true, false]);
    await work;
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.isTaken('a')).toBe(false);
  });

  it('remember nothing of what has ended', async () => {
    const turns = new Turns();
    await Promise.all([
      turns.take('a', async () => undefined),
      turns.take('a', async () => undefined),
      turns.take('b', async () => undefined),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.size).toBe(0);
  });
});
