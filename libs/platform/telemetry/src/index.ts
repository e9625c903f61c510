export { createLogger, type Logger } from './logger.js';
export { Metrics } from './metrics.js';
export { Tracing, parseTraceparent, type ActiveSpan, type Hop, type SpanOptions } from './tracing.js';
