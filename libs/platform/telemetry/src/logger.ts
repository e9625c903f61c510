import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child(bindings: Record<string, unknown>): Logger;
};

/**
 * Structured JSON logger of one app, on stdout. Log decisions with named fields, never payloads; the redacted paths are a second net.
 * @param level from `LOG_LEVEL`; `info` by default
 */
export function createLogger(service: string, level = process.env['LOG_LEVEL'] ?? 'info'): Logger {
  return pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'password',
        '*.password',
        'authorization',
        '*.authorization',
        'headers["x-api-key"]',
        'headers.authorization',
        'token',
        '*.token',
        'value',
        '*.value',
        'secret',
        '*.secret',
      ],
      censor: '[redacted]',
    },
  });
}
