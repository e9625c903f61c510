import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { freeLoopback, randomLoopback } from './loopback-address.js';

describe('addresses of pods', () => {
  it('lie between 127.16.0.1 and 127.250.255.254', () => {
    expect(randomLoopback(() => 0)).toBe('127.16.0.1');
    expect(randomLoopback(() => 0.999999)).toBe('127.250.255.254');
  });

  it('are not those of other pods, nor ones somebody listens on', async () => {
    const first = await freeLoopback(20_001, () => false);
    const refused: string[] = [];
    const second = await freeLoopback(20_001, (address) => {
      refused.push(address);
      return refused.length < 4;
    });
    expect(refused).toHaveLength(4);
    expect(second).toBe(refused[3]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ host: first, port: 0 }, resolve));
    const address = server.address();
    const port = address && typeof address === 'object' ? address.port : 0;
    expect(await freeLoopback(port, (candidate) => candidate === first)).not.toBe(first);
    server.close();
  });
});
