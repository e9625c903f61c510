import { LIMITS } from '@sluice/kernel';
import { BlockList, isIP } from 'node:net';
import {
  listenerSecurity,
  parseEnvironment,
  secretFile,
  type Environment,
  type ListenerSecurity,
} from '@sluice/config';
import { z } from 'zod';
import type { PlaceLimits } from './limits/places.js';
import type { Upstream } from './routing/routing-table.js';

const count = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);

const schema = z.object({
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  GATEWAY_SERVICE_KEY_FILE: z.string().min(1),
  SERVICE_KEYS_DIR: z.string().min(1),
  /** Authority (PEM) of the other services' certificates. */
  SERVICE_CA_FILE: secretFile().optional(),
  GATEWAY_NG_MANAGER_URL: z.url(),
  GATEWAY_PIPELINE_URL: z.url(),
  GATEWAY_LOG_SERVICE_URL: z.url(),
  /** For a Redis without a password; otherwise GATEWAY_REDIS_URL_FILE. Without either, limits count per gateway process. */
  GATEWAY_REDIS_URL: z.string().min(1).optional(),
  GATEWAY_REDIS_URL_FILE: secretFile().optional(),
  /** The built user interface. */
  GATEWAY_UI_DIR: z.string().min(1).optional(),
  GATEWAY_RATE_LIMIT_PER_SECOND: count(200, 1_000_000),
  GATEWAY_RATE_LIMIT_BURST: count(400, 10_000_000),
  GATEWAY_SIGN_IN_FAILURES_PER_MINUTE: count(30, 100_000),
  GATEWAY_BODY_LIMIT_BYTES: count(LIMITS.bodyBytes, 1024 ** 3),
  GATEWAY_REQUEST_TIMEOUT_SECONDS: count(60, 3_600),
  GATEWAY_IDLE_TIMEOUT_SECONDS: count(60, 3_600),
  GATEWAY_BODY_TIMEOUT_SECONDS: count(10, 3_600),
  GATEWAY_STALLED_CLIENT_SECONDS: count(300, 3_600),
  GATEWAY_MAX_CONCURRENT_REQUESTS: count(2_000, 18_000),
  GATEWAY_MAX_CONCURRENT_REQUESTS_PER_ACCOUNT: count(1_000, 18_000),
  GATEWAY_MAX_CONCURRENT_REQUESTS_PER_KEY: count(200, 18_000),
  GATEWAY_MAX_STREAMS: count(2_000, 18_000),
  GATEWAY_MAX_STREAMS_PER_ACCOUNT: count(500, 18_000),
  GATEWAY_MAX_STREAMS_PER_KEY: count(200, 18_000),
  /** Comma list of addresses or CIDR of the load balancers in front, whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  GATEWAY_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text, issue) => {
      const entries = text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
      if (entries.length === 0) return undefined;
      const list = new BlockList();
      for (const entry of entries) {
        const [address = '', prefix] = entry.split('/');
        const version = isIP(address);
        const bits = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix);
        if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32)) {
          issue.addIssue({ code: 'custom', message: `"${entry}" is neither an address nor a CIDR` });
          return z.NEVER;
        }
        list.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4');
      }
      return list;
    }),
});

export interface GatewayLimits {
  readonly ratePerSecond: number;
  /** Requests beyond the rate that a key may send within ten seconds. */
  readonly burst: number;
  readonly signInFailuresPerMinute: number;
  readonly bodyBytes: number;
  /** Until an upstream begins to answer. */
  readonly requestMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  /** Until a small body of announced length has come. */
  readonly bodyMs: number;
  /** A client that takes nothing of its answer for so long is cut. */
  readonly stalledClientMs: number;
  readonly concurrentRequests: number;
  /** Of `concurrentRequests`, those of one account and of one key. */
  readonly requestsPerAccount: number;
  readonly requestsPerKey: number;
  /** Open log tails; they count apart from requests, because they last. */
  readonly streams: PlaceLimits;
}

export interface GatewayConfig {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  /** PEM; absent when the other services are reached without TLS, or by an authority the system knows. */
  readonly serviceCa: string | undefined;
  readonly upstreams: Readonly<Record<Upstream, string>>;
  readonly redisUrl: string | undefined;
  readonly uiDir: string | undefined;
  readonly trustedProxies: BlockList | undefined;
  readonly limits: GatewayLimits;
}

/** The only reader of the gateway's environment. @throws Error naming every wrong variable */
export function parseConfig(env: Environment): GatewayConfig {
  const parsed = parseEnvironment('gateway', schema, env);
  return Object.freeze({
    host: parsed.GATEWAY_HOST,
    security: listenerSecurity('gateway', 'GATEWAY', [parsed.GATEWAY_HOST], env),
    port: parsed.GATEWAY_PORT,
    serviceKeyFile: parsed.GATEWAY_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    serviceCa: parsed.SERVICE_CA_FILE,
    upstreams: {
      'ng-manager': parsed.GATEWAY_NG_MANAGER_URL,
      pipeline: parsed.GATEWAY_PIPELINE_URL,
      'log-service': parsed.GATEWAY_LOG_SERVICE_URL,
    },
    redisUrl: parsed.GATEWAY_REDIS_URL_FILE ?? parsed.GATEWAY_REDIS_URL,
    uiDir: parsed.GATEWAY_UI_DIR,
    trustedProxies: parsed.GATEWAY_TRUSTED_PROXIES,
    limits: {
      ratePerSecond: parsed.GATEWAY_RATE_LIMIT_PER_SECOND,
      burst: parsed.GATEWAY_RATE_LIMIT_BURST,
      signInFailuresPerMinute: parsed.GATEWAY_SIGN_IN_FAILURES_PER_MINUTE,
      bodyBytes: parsed.GATEWAY_BODY_LIMIT_BYTES,
      requestMs: parsed.GATEWAY_REQUEST_TIMEOUT_SECONDS * 1_000,
      idleMs: parsed.GATEWAY_IDLE_TIMEOUT_SECONDS * 1_000,
      bodyMs: parsed.GATEWAY_BODY_TIMEOUT_SECONDS * 1_000,
      stalledClientMs: parsed.GATEWAY_STALLED_CLIENT_SECONDS * 1_000,
      concurrentRequests: parsed.GATEWAY_MAX_CONCURRENT_REQUESTS,
      requestsPerAccount: parsed.GATEWAY_MAX_CONCURRENT_REQUESTS_PER_ACCOUNT,
      requestsPerKey: parsed.GATEWAY_MAX_CONCURRENT_REQUESTS_PER_KEY,
      streams: {
        inAll: parsed.GATEWAY_MAX_STREAMS,
        perAccount: parsed.GATEWAY_MAX_STREAMS_PER_ACCOUNT,
        perKey: parsed.GATEWAY_MAX_STREAMS_PER_KEY,
      },
    },
  });
}
