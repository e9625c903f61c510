import { describe, expect, it } from '@jest/globals';
import { Places, PlacesOfEach } from './places.js';

const never = (): AbortSignal => new AbortController().signal;

/** Work that goes on until it is ended. */
function held(): { readonly work: () => Promise<void>; readonly end: () => void } {
  let end = (): void => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  return { work: () => until, end: () => end() };
}

describe('places', () => {
  it('go to the waiters that are left, in their order, when others have given up', async () => {
    const places = new Places(1);
    const first = held();
    const holder = places.within(never(), first.work);
    const impatient = new AbortController();
    const gaveUp = places.within(impatient.signal, () => Promise.resolve('in'));
    const order: string[] = [];
    const second = places.within(never(), async () => void order.push('second'));
    const third = places.within(never(), async () => void order.push('third'));
    impatient.abort(new Error('20 s are over'));
    await expect(gaveUp).rejects.toThrow('20 s are over');
    first.end();
    await Promise.all([holder, second, third]);
    expect(order).toEqual(['second', 'third']);
  });

  it('are free again when all waiters have given up', async () => {
    const places = new Places(1);
    const first = held();
    const holder = places.within(never(), first.work);
    const impatient = new AbortController();
    const waiters = [1, 2, 3].map(() =>
      places.within(impatient.signal, () => Promise.resolve()).catch(() => 'gave up'),
    );
    impatient.abort(new Error('over'));
    expect(await Promise.all(waiters)).toEqual(['gave up', 'gave up', 'gave up']);
    first.end();
    await holder;
    expect(await places.within(never(), () => Promise.resolve('in'))).toBe('in');
  });

  it('are never more than there are, however work ends', async () => {
    const places = new Places(2);
    let inside = 0;
    let most = 0;
    const run = (fails: boolean): Promise<unknown> =>
      places
        .within(never(), async () => {
          inside += 1;
          most = Math.max(most, inside);
          await Promise.resolve();
          inside -= 1;
          if (fails) throw new Error('failed');
        })
        .catch(() => undefined);
    await Promise.all(Array.from({ length: 20 }, (_, at) => run(at % 3 === 0)));
    expect(most).toBe(2);
  });

  it('refuse who has given up already', async () => {
    await expect(new Places(1).within(AbortSignal.abort(new Error('over')), () => Promise.resolve())).rejects.toThrow(
      'over',
    );
  });
});

describe('places of each key', () => {
  it('are not taken by the work of another key, and nothing is remembered of a key when its work is over', async () => {
    const places = new PlacesOfEach(2);
    const greedy = held();
    let begun = 0;
    const much = Array.from({ length: 5 }, () =>
      places.within('greedy', undefined, () => {
        begun += 1;
        return greedy.work();
      }),
    );
    expect(await places.within('modest', undefined, () => Promise.resolve('in'))).toBe('in');
    expect([begun, places.size]).toEqual([2, 1]);
    greedy.end();
    await Promise.all(much);
    expect([begun, places.size]).toEqual([5, 0]);
  });

  it('are free again when work fails or a waiter gives up', async () => {
    const places = new PlacesOfEach(1);
    const first = held();
    const holder = places.within('a', undefined, first.work);
    const impatient = new AbortController();
    const gaveUp = places.within('a', impatient.signal, () => Promise.resolve('in'));
    impatient.abort(new Error('20 s are over'));
    await expect(gaveUp).rejects.toThrow('20 s are over');
    first.end();
    await holder;
    await expect(places.within('a', undefined, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect([await places.within('a', undefined, () => Promise.resolve('in')), places.size]).toEqual(['in', 0]);
  });
});
