import { describe, expect, it } from '@jest/globals';
import { pack, unpack } from './packing.js';

describe('packing', () => {
  it('gives back what it was given', async () => {
    const value = [{ id: 'ä 😀', author: null, at: 1 }, []];
    expect(await unpack(pack(value), 1_000)).toEqual(value);
  });

  it('opens nothing larger than allowed, however small it is packed', async () => {
    const packed = pack('x'.repeat(2_000_000));
    expect(packed.length).toBeLessThan(10_000);
    await expect(unpack(packed, 1024 * 1024)).rejects.toThrow('what was packed has more than 1 MiB');
  });

  it('says that a text was not packed', async () => {
    for (const text of ['', 'x', Buffer.from('plain').toString('base64')])
      await expect(unpack(text, 1_000)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('not the base64 of gzipped JSON'),
      });
  });
});
