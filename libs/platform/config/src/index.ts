export { eventLoopDelayLimitMs, parseEnvironment, secretFile, type Environment } from './environment.js';
export { leaseSettings, leaseTimes, type LeaseTimes } from './lease.js';
export { assertMayListen, listenerSecurity, type ListenerSecurity } from './listener.js';
