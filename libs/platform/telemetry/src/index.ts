export { EventLoopDelay } from './event-loop-delay.js';
export { createLogger, type Logger } from './logger.js';
export { Metrics } from './metrics.js';
export { Tracing, type Hop } from './tracing.js';
