import { defineRoute, queryBoolean } from '@sluice/api-conventions';
import { z } from 'zod';
import { ownerOfLog, wireLogLine } from './keys.js';

/** Header a pod shows its log token in. */
export const LOG_TOKEN_HEADER = 'x-harness-token';

/** Header of every answer to a write: the index the next line must have. A writer that lost count goes on from there. */
export const NEXT_INDEX_HEADER = 'x-sluice-next-index';

/** What the log service takes. Bytes are UTF-8 bytes. */
export const LOG_LIMITS = {
  /** Longer lines are cut and marked. */
  lineBytes: 71_680,
  /** Lines of one append. */
  batchLines: 10_000,
  /** One stored log; the writer keeps its first 1 MiB and its newest rest. */
  blobBytes: 25 * 1024 * 1024,
  /** Logs of one archive. */
  archiveLogs: 2_000,
} as const;

const keyForm = 'must name one run, for example ACC/pipeline/PIPELINE/12/-EXECUTION/stage/step';
const logKeyText = z.string().refine((key) => ownerOfLog(key) !== undefined && !key.endsWith('/'), keyForm);
const logPrefixText = z.string().refine((prefix) => ownerOfLog(prefix) !== undefined, keyForm);

/** Clients send further keys (`accountIdentifier`, `routingId`); the account of the key is what counts, and `accountID` must agree with it. */
const keyQuery = z.object({ accountID: z.string().optional(), key: logKeyText });
const signed = z.object({ signature: z.string().min(1).max(8_192) });

/** `expires` is a duration in nanoseconds. */
const link = z.object({ link: z.string(), expires: z.number().int() });
const nothing = z.undefined();
const text = z.string();

// Every route below shows its own proof, checked against the log key: a log token (X-Harness-Token), a signed link, or a service
// token with the user's grants. Hence `public` for the guard in front.
const common = { style: 'log', access: 'public', callers: ['gateway', 'pipeline'] } as const;

export const getLogToken = defineRoute({
  ...common,
  id: 'getLogToken',
  method: 'GET',
  path: '/log-service/token',
  summary:
    'A log token for the caller’s account, valid for minutes and no longer than the API key: it reads what the caller may read in the whole account, and writes logs of its own when the caller may execute pipelines there',
  query: z.object({ accountID: z.string().optional() }),
  response: text,
});

export const openStream = defineRoute({
  ...common,
  id: 'openLogStream',
  method: 'POST',
  path: '/log-service/stream',
  summary: 'Open a live log; an open one stays as it is',
  status: 204,
  query: keyQuery,
  response: nothing,
});

export const appendLines = defineRoute({
  ...common,
  id: 'appendLogLines',
  method: 'PUT',
  path: '/log-service/stream',
  summary: 'Append lines; with `from` (index of the first line) repeats are ignored and a gap is refused with 409',
  status: 204,
  query: keyQuery.extend({ from: z.coerce.number().int().min(0).optional() }),
  body: z.array(wireLogLine).max(LOG_LIMITS.batchLines, `at most ${LOG_LIMITS.batchLines} lines in one append`),
  response: nothing,
});

export const tailStream = defineRoute({
  ...common,
  id: 'tailLogStream',
  method: 'GET',
  path: '/log-service/stream',
  summary: 'Tail as server-sent events; resume with Last-Event-ID or `from` (index of the first line wanted)',
  bodyKind: 'raw',
  query: keyQuery.extend({ from: z.coerce.number().int().min(0).optional() }),
  response: text,
});

export const closeStream = defineRoute({
  ...common,
  id: 'closeLogStream',
  method: 'DELETE',
  path: '/log-service/stream',
  summary:
    'Close a live log (`prefix=true`: every one below the key); `snapshot=true` keeps its lines where no stored log exists',
  status: 204,
  query: z.object({
    accountID: z.string().optional(),
    key: logPrefixText,
    snapshot: queryBoolean.optional(),
    prefix: queryBoolean.optional(),
  }),
  response: nothing,
});

export const uploadBlob = defineRoute({
  ...common,
  id: 'uploadLogBlob',
  method: 'POST',
  path: '/log-service/blob',
  summary:
    'Store a finished log (newline-delimited JSON lines); the first stays, only its own writer may store it again',
  status: 204,
  bodyKind: 'raw',
  query: keyQuery,
  response: nothing,
});

export const getBlob = defineRoute({
  ...common,
  id: 'getLogBlob',
  method: 'GET',
  path: '/log-service/blob',
  summary: 'A stored log as newline-delimited JSON',
  bodyKind: 'raw',
  query: keyQuery,
  response: text,
});

export const blobUploadLink = defineRoute({
  ...common,
  id: 'logBlobUploadLink',
  method: 'POST',
  path: '/log-service/blob/link/upload',
  summary: 'A link to PUT a finished log to, without further proof, for one hour',
  query: keyQuery,
  response: link,
});

export const blobDownloadLink = defineRoute({
  ...common,
  id: 'logBlobDownloadLink',
  method: 'POST',
  path: '/log-service/blob/link/download',
  summary: 'A link to GET a stored log from, without further proof, for one hour',
  query: keyQuery,
  response: link,
});

export const putSignedBlob = defineRoute({
  ...common,
  id: 'putSignedLogBlob',
  method: 'PUT',
  path: '/log-service/blob/signed',
  summary: 'Target of an upload link',
  status: 204,
  bodyKind: 'raw',
  query: signed,
  response: nothing,
});

export const getSignedBlob = defineRoute({
  ...common,
  id: 'getSignedLogBlob',
  method: 'GET',
  path: '/log-service/blob/signed',
  summary: 'Target of a download link',
  bodyKind: 'raw',
  query: signed,
  response: text,
});

export const prepareArchive = defineRoute({
  ...common,
  id: 'prepareLogArchive',
  method: 'POST',
  path: '/log-service/blob/download',
  summary: 'A link to a zip of every log below a prefix; it is ready at once',
  query: z.object({ accountID: z.string().optional(), prefix: logPrefixText }),
  response: link.extend({ status: z.literal('success') }),
});

export const getArchive = defineRoute({
  ...common,
  id: 'getLogArchive',
  method: 'GET',
  path: '/log-service/blob/archive/:name',
  summary: 'Zip of every log below a prefix; shown with the signature of its link, or with a key',
  bodyKind: 'raw',
  params: z.object({ name: z.string().max(200) }),
  query: z.object({ prefix: logPrefixText, signature: z.string().max(8_192).optional() }),
  response: text,
});

/** The log service's whole contract. */
export const logRoutes = [
  getLogToken,
  openStream,
  appendLines,
  tailStream,
  closeStream,
  uploadBlob,
  getBlob,
  blobUploadLink,
  blobDownloadLink,
  putSignedBlob,
  getSignedBlob,
  prepareArchive,
  getArchive,
] as const;
