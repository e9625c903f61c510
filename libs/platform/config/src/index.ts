export { eventLoopDelayLimitMs, parseEnvironment, secretFile, type Environment } from './environment.js';
export { assertMayListen, listenerSecurity, type ListenerSecurity } from './listener.js';
