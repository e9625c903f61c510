import type { Redis } from 'ioredis';
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { AppError } from '@sluice/kernel';
import type { GatewayLimits } from '../config.js';

const BURST_SECONDS = 10;

/**
 * How often a key may call and an address may fail to sign in, counted in Redis for all gateways together. While Redis is away each gateway
 * counts for itself.
 */
export class RateLimits {
  private readonly calls: BurstyRateLimiter;
  private readonly failures: RateLimiterAbstract;

  /** @param redis fails fast when it is not connected; absent = counted in this process */
  constructor(
    private readonly limits: GatewayLimits,
    redis: Redis | undefined,
  ) {
    const counter = (keyPrefix: string, points: number, duration: number): RateLimiterAbstract => {
      const alone = new RateLimiterMemory({ keyPrefix, points, duration });
      return redis
        ? new RateLimiterRedis({
            storeClient: redis,
            keyPrefix,
            points,
            duration,
            insuranceLimiter: alone,
            rejectIfRedisNotReady: true,
          })
        : alone;
    };
    this.calls = new BurstyRateLimiter(
      counter('gateway:calls', limits.ratePerSecond, 1),
      counter('gateway:burst', limits.burst, BURST_SECONDS),
    );
    this.failures = counter('gateway:failures', limits.signInFailuresPerMinute, 60);
  }

  /** Counts one call of a key. @throws AppError TOO_MANY_REQUESTS with `details.retryAfterSeconds` */
  async countCall(caller: string): Promise<void> {
    try {
      await this.calls.consume(caller);
    } catch (cause) {
      const { ratePerSecond, burst } = this.limits;
      throw tooMany(
        cause,
        `one key may send ${ratePerSecond} requests a second, and ${burst} more within ${BURST_SECONDS} s`,
      );
    }
  }

  /** Asked before a key that is not known yet is checked. @throws AppError TOO_MANY_REQUESTS */
  async assertMayTry(address: string): Promise<void> {
    const counted = await this.failures.get(address);
    if (!counted || counted.consumedPoints < this.limits.signInFailuresPerMinute) return;
    throw tooMany(
      counted,
      `${this.limits.signInFailuresPerMinute} failed sign-ins a minute are allowed from one address`,
    );
  }

  async countFailure(address: string): Promise<void> {
    await this.failures.consume(address).catch(() => undefined);
  }
}

function tooMany(cause: unknown, limit: string): unknown {
  if (!(cause instanceof RateLimiterRes)) return cause;
  const retryAfterSeconds = Math.max(1, Math.ceil(cause.msBeforeNext / 1_000));
  return new AppError('TOO_MANY_REQUESTS', `too many requests: ${limit}; try again in ${retryAfterSeconds} s`, {
    retryAfterSeconds,
  });
}
