export { eventLoopDelayLimitMs, parseEnvironment, secretFile, type Environment } from './environment.js';
