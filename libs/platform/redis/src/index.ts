export { closeRedis, createRedis } from './redis.js';
