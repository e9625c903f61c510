import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './redis.js';

describe('startRedis', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('keeps what was written through a crash', async () => {
    const before = new Redis(server.url);
    await before.set('colour', 'green');
    await before.quit();
    await server.restart();
    const after = new Redis(server.url);
    expect(await after.get('colour')).toBe('green');
    await after.quit();
  });
});
