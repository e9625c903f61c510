import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from './main.js';
import { AnsweringGateway } from './testing/answering-gateway.js';

describe('keys command', () => {
  const gateway = new AnsweringGateway();
  gateway.answers = {
    'GET /encryption-keys?accountIdentifier=ACC': {
      currentKeyId: 'local:new',
      dataKeys: [{ version: 1, keyId: 'local:old', isCurrent: false, createdAt: 1 }],
    },
    'POST /encryption-keys/rotate?accountIdentifier=ACC': { currentKeyId: 'local:new', rewrapped: 1, unchanged: 0 },
  };
  beforeAll(() => gateway.start());
  afterAll(() => gateway.stop());

  it('shows which key wraps what', async () => {
    const { code, lines } = await gateway.run('keys', 'show');
    expect([code, lines]).toEqual([
      EXIT.success,
      [
        'current key-encryption key: local:new',
        'data key 1 of account ACC: wrapped by local:old (not current; run keys rotate)',
      ],
    ]);
  });

  it('rotates and says what changed', async () => {
    const { code, lines } = await gateway.run('keys', 'rotate');
    expect([code, lines]).toEqual([
      EXIT.success,
      ['account ACC: 1 data key(s) wrapped anew, 0 were under local:new already'],
    ]);
  });

  it('fails with the reason of the gateway', async () => {
    delete gateway.answers['POST /encryption-keys/rotate?accountIdentifier=ACC'];
    const { code, lines } = await gateway.run('keys', 'rotate');
    expect([code, lines.join()]).toEqual([EXIT.failed, expect.stringContaining('Ann lacks the right')]);
  });

  it.each([['keys'], ['keys', 'melt'], ['keys', 'rotate', 'twice'], ['keys', 'show', '--force']])(
    '%s %s %s is not understood',
    async (...args) => {
      const { code, lines } = await gateway.run(...args);
      expect([code, lines.join()]).toEqual([EXIT.usage, expect.stringContaining('--help')]);
    },
  );
});
