import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { interruptionOf } from './interruption.js';

describe('Ctrl-C', () => {
  it.each([['SIGINT'], ['SIGTERM']] as const)(
    '%s asks for an end; what npm passes on of the same press does not leave, a later press does',
    (name) => {
      const source = new EventEmitter();
      let now = 5_000;
      const { signal, leave } = interruptionOf(source, () => now);
      expect([signal.aborted, leave.aborted]).toEqual([false, false]);
      source.emit(name);
      expect([signal.aborted, leave.aborted]).toEqual([true, false]);
      now += 999;
      source.emit(name);
      expect(leave.aborted).toBe(false);
      now += 1;
      source.emit('SIGINT');
      expect(leave.aborted).toBe(true);
    },
  );
});
