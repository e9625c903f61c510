import { describe, expect, it } from '@jest/globals';
import { parseConfig } from './config.js';

const LEAST = {
  LOG_SERVICE_SERVICE_KEY_FILE: '/k',
  SERVICE_KEYS_DIR: '/keys',
  LOG_SERVICE_REDIS_URL: 'redis://r',
  LOG_SERVICE_BLOB_DIR: '/blobs',
};

describe('configuration of the log service', () => {
  it('has the documented defaults', () => {
    expect(parseConfig(LEAST)).toMatchObject({
      host: '127.0.0.1',
      port: 8079,
      redisUrl: 'redis://r',
      stream: { ttlMs: 86_400_000, maxLines: 200_000, maxBytes: 33_554_432 },
      tail: { perAccount: 500, maxMs: 600_000, openWaitMs: 30_000, pingMs: 15_000 },
    });
  });

  it('names every variable that is wrong at once', () => {
    expect(() => parseConfig({ LOG_SERVICE_PORT: 'x' })).toThrow(
      /LOG_SERVICE_PORT[\s\S]*LOG_SERVICE_SERVICE_KEY_FILE[\s\S]*LOG_SERVICE_BLOB_DIR/,
    );
    expect(() => parseConfig({ ...LEAST, LOG_SERVICE_REDIS_URL: undefined })).toThrow(/LOG_SERVICE_REDIS_URL_FILE/);
    expect(() => parseConfig({ ...LEAST, LOG_SERVICE_REDIS_URL_FILE: '/does/not/exist' })).toThrow(/cannot be read/);
  });
});
