import './schema-names.js';
export { COMMAND_UNIT, isBelow, logKey, logTokenClaims, ownerOfLog, wireLogLine, type LogOwner, type LogTokenClaims, type WireLogLine } from './keys.js';
export {
  LOG_LIMITS,
  LOG_TOKEN_HEADER,
  NEXT_INDEX_HEADER,
  appendLines,
  blobDownloadLink,
  blobUploadLink,
  closeStream,
  getArchive,
  getBlob,
  getLogToken,
  getSignedBlob,
  logRoutes,
  openStream,
  prepareArchive,
  putSignedBlob,
  tailStream,
  uploadBlob,
} from './routes.js';
