import { describe, expect, it } from '@jest/globals';
import { generateSealingKeyPair, open, seal, sealingContext } from './sealed-secrets.js';

describe('sealed secrets', () => {
  it('gives the value back to the holder of the key', async () => {
    const pair = await generateSealingKeyPair();
    const context = sealingContext('task-1', 3, '<+secrets.getValue("db")>');
    expect(await open(pair, await seal(pair.publicKey, 'påss wörd', context), context)).toBe('påss wörd');
  });

  it('refuses another key, and another lease of the same task', async () => {
    const [mine, other] = [await generateSealingKeyPair(), await generateSealingKeyPair()];
    const sealed = await seal(mine.publicKey, 'value', sealingContext('task-1', 3, 'x'));
    await expect(open(other, sealed, sealingContext('task-1', 3, 'x'))).rejects.toThrow();
    await expect(open(mine, sealed, sealingContext('task-1', 4, 'x'))).rejects.toThrow();
  });
});
