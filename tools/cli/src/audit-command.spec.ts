import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from './main.js';
import { AnsweringGateway } from './testing/answering-gateway.js';

const HASH = 'ab'.repeat(32);
const head = { position: 3, hash: HASH };

describe('audit command', () => {
  const gateway = new AnsweringGateway();
  beforeAll(() => gateway.start());
  afterAll(() => gateway.stop());

  const at = (more: string): string => `GET /audits/verify?accountIdentifier=ACC&${more}`;

  it('reads the trail to its end, piece by piece, and says how to find a trail that was cut off', async () => {
    gateway.answers = {
      [at('fromPosition=1')]: { ok: true, checked: 2, checkedTo: 2, isComplete: false, head },
      [at('fromPosition=3')]: { ok: true, checked: 1, checkedTo: 3, isComplete: true, head },
    };
    const { code, lines } = await gateway.run('audit', 'verify');
    expect([code, lines]).toEqual([
      EXIT.success,
      [
        'account ACC: 3 event(s), nothing changed or removed',
        `keep this place somewhere else and give it next time: --known 3:${HASH}`,
      ],
    ]);
  });

  it('fails where the trail is broken', async () => {
    gateway.answers = {
      [at(`fromPosition=1&known=3%3A${HASH}`)]: {
        ok: false,
        checked: 1,
        checkedTo: 1,
        isComplete: false,
        head,
        brokenAt: 2,
        reason: 'event 2 is missing',
      },
    };
    const { code, lines } = await gateway.run('audit', 'verify', '--known', `3:${HASH}`);
    expect([code, lines]).toEqual([
      EXIT.failed,
      ['account ACC: BROKEN at event 2: event 2 is missing (1 event(s) before it are whole)'],
    ]);
  });

  it('fails with the reason of the gateway', async () => {
    gateway.answers = {};
    const { code, lines } = await gateway.run('audit', 'verify');
    expect([code, lines.join()]).toEqual([EXIT.failed, expect.stringContaining('Ann lacks the right')]);
  });

  it.each([['audit'], ['audit', 'erase'], ['audit', 'verify', 'twice'], ['audit', 'verify', '--known', 'x']])(
    '%s %s %s %s is not understood',
    async (...args) => {
      const { code, lines } = await gateway.run(...args);
      expect([code, lines.join()]).toEqual([EXIT.usage, expect.stringContaining('--help')]);
    },
  );
});
