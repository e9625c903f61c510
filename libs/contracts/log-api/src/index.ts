export { isBelow, logKey, logTokenClaims, parseLogKey, wireLogLine, type LogKeyParts, type LogTokenClaims, type WireLogLine } from './keys.js';
