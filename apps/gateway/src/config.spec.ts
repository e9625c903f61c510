import { describe, expect, it } from '@jest/globals';
import { parseConfig } from './config.js';

const LEAST = {
  GATEWAY_SERVICE_KEY_FILE: '/k',
  SERVICE_KEYS_DIR: '/keys',
  GATEWAY_NG_MANAGER_URL: 'http://127.0.0.1:7090',
  GATEWAY_PIPELINE_URL: 'http://127.0.0.1:12001',
  GATEWAY_LOG_SERVICE_URL: 'http://127.0.0.1:8079',
};

describe('configuration of the gateway', () => {
  it('has the documented defaults', () => {
    expect(parseConfig(LEAST)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      redisUrl: undefined,
      uiDir: undefined,
      trustedProxies: undefined,
      limits: {
        ratePerSecond: 200,
        burst: 400,
        signInFailuresPerMinute: 30,
        bodyBytes: 10_485_760,
        requestMs: 60_000,
        idleMs: 60_000,
        concurrentRequests: 2_000,
      },
    });
  });

  it('names every variable that is wrong at once', () => {
    expect(() => parseConfig({ GATEWAY_PORT: '70000', GATEWAY_TRUSTED_PROXIES: '10.0.0.0/40' })).toThrow(
      /GATEWAY_PORT[\s\S]*GATEWAY_SERVICE_KEY_FILE[\s\S]*GATEWAY_NG_MANAGER_URL/,
    );
    expect(() => parseConfig({ ...LEAST, GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8, lb.example' })).toThrow(
      /"lb.example" is neither an address nor a CIDR/,
    );
  });

  it('takes the networks of load balancers as a list', () => {
    const { trustedProxies } = parseConfig({ ...LEAST, GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,fd00::/8' });
    expect(['10.1.2.3', '192.0.2.1', '192.0.2.2'].map((address) => trustedProxies?.check(address))).toEqual([
      true,
      true,
      false,
    ]);
    expect(trustedProxies?.check('fd12::1', 'ipv6')).toBe(true);
  });
});
