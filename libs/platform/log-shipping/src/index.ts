export { LogClient, type LogTarget } from './log-client.js';
export { LogWriter } from './log-writer.js';
export type { LogContent } from './log-content.js';
export { SpooledLog, spoolName, type LogOrigin } from './spooled-log.js';
