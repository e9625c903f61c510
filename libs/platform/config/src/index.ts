export { eventLoopDelayLimitMs, parseEnvironment, secretFile, type Environment } from './environment.js';
export { LOOPBACK, assertMayListen, listenerSecurity, type ListenerSecurity } from './listener.js';
export { assertMayListen, listenerSecurity, type ListenerSecurity } from './listener.js';
