import { partOf } from '../answers.js';
import type { RouteCase, RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const badKey = { change: { query: { key: 'nonsense' } }, field: 'key' };
const line = { level: 'INFO', pos: 0, out: 'hello', time: '2026-01-01T00:00:00Z', args: null };
const NDJSON = `${JSON.stringify(line)}\n`;

/** A log of a run nobody knows, so that writing to it disturbs nothing. */
async function own(
  { account, make }: World,
  isOpen: boolean,
): Promise<{
  readonly query: { readonly accountID: string; readonly key: string };
  readonly headers: { readonly 'x-harness-token': string };
}> {
  const query = { accountID: account, key: `${account}/pipeline/${make.id('logs')}/1/-${make.id('run')}/stage/step` };
  const headers = { 'x-harness-token': await make.logToken() };
  if (isOpen) await make.asPod('POST', '/log-service/stream', query, headers);
  return { query, headers };
}

/** What is wrong with lines of a log, each of which has all five fields (api-contract 5.2). */
function lineFault(rows: readonly string[]): string | undefined {
  if (rows.length === 0) return 'has no lines';
  const isLine = (row: string, index: number): boolean => {
    const { level, pos, out, time, args } = JSON.parse(row) as Record<string, unknown>;
    const hasTexts =
      ['INFO', 'WARN', 'ERROR', 'DEBUG'].includes(String(level)) &&
      typeof out === 'string' &&
      !Number.isNaN(Date.parse(String(time)));
    return hasTexts && pos === index && (args === null || typeof args === 'object');
  };
  const at = rows.findIndex((row, index) => !isLine(row, index));
  return at < 0 ? undefined : `has "${rows[at] ?? ''}" as line ${at}`;
}

const dataOf = (events: string): string[] =>
  [...events.matchAll(/^id: \d+\ndata: (.*)$/gm)].map(([, data]) => data ?? '');
const reading = ({ account, finished }: World) => ({
  accountID: account,
  key: finished.logKey,
  accountIdentifier: account,
  routingId: account,
});
const unwritten = ({ account, make }: World) => ({
  change: { query: { key: `${account}/pipeline/none/1/-${make.id('run')}/stage/step` } },
});
/** Written by whoever shows a log token; a key alone is not enough. */
const written = { rights: 'proof', otherAccount: undefined } as const;

function signed(purpose: 'upload' | 'download'): RouteCase['request'] {
  return async (world) => {
    const query = purpose === 'download' ? { key: world.finished.logKey } : (await own(world, false)).query;
    const headers = purpose === 'download' ? undefined : { 'x-harness-token': await world.make.logToken() };
    const { link } = (await (headers
      ? world.make.asPod('POST', '/log-service/blob/link/upload', query, headers)
      : world.make.call('POST', '/log-service/blob/link/download', { query: { ...query } }))) as { link: string };
    const signature = new URL(link).searchParams.get('signature') ?? '';
    return {
      query: { signature },
      ...(purpose === 'upload' ? { raw: { contentType: 'application/x-ndjson', body: NDJSON } } : {}),
    };
  };
}

/** The log service (api-contract 5.1). Rights follow the key. */
export const logCases: RouteCases = {
  getLogToken: {
    request: ({ account }) => ({ query: { accountID: account } }),
    check: (text) => (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? undefined : 'is no token'),
    invalid: { change: { query: { accountID: ['a', 'b'] } }, field: 'accountID', status: 403 },
    missing: { none: 'names nothing' },
    rights: 'log.view',
    otherAccount: 'an answer of its own',
  },
  openLogStream: {
    request: (world) => own(world, false),
    invalid: badKey,
    missing: { none: 'opening makes it' },
    ...written,
  },
  appendLogLines: {
    request: async (world) => ({ ...(await own(world, true)), json: [line] }),
    invalid: { change: { json: [{ out: 1 }] }, field: 'level' },
    missing: unwritten,
    ...written,
  },
  tailLogStream: {
    request: (world) => ({ query: reading(world) }),
    check: (text) =>
      lineFault(dataOf(text)) ?? (text.endsWith('event: error\ndata: eof\n\n') ? undefined : 'has no end mark'),
    invalid: badKey,
    missing: { none: 'a tail waits for its log to begin' },
    rights: 'log.view',
  },
  closeLogStream: {
    request: async (world) => own(world, true),
    invalid: badKey,
    missing: { none: 'closing what is closed is no error' },
    ...written,
  },
  uploadLogBlob: {
    request: async (world) => ({
      ...(await own(world, false)),
      raw: { contentType: 'application/x-ndjson', body: NDJSON },
    }),
    invalid: badKey,
    missing: { none: 'storing makes it' },
    ...written,
  },
  getLogBlob: {
    request: (world) => ({ query: reading(world) }),
    check: (text) => lineFault(text.split('\n').filter((row) => row !== '')),
    invalid: badKey,
    missing: unwritten,
    rights: 'log.view',
  },
  logBlobUploadLink: {
    request: (world) => own(world, false),
    invalid: badKey,
    missing: { none: 'a link to what is to come' },
    ...written,
  },
  logBlobDownloadLink: {
    request: (world) => ({ query: reading(world) }),
    invalid: badKey,
    missing: unwritten,
    rights: 'log.view',
  },
  putSignedLogBlob: {
    request: signed('upload'),
    invalid: { change: { query: { signature: [] } }, field: 'x-api-key', status: 401 },
    missing: { none: 'the link names the log' },
    rights: 'proof',
    otherAccount: 'an answer of its own',
  },
  getSignedLogBlob: {
    request: signed('download'),
    invalid: { change: { query: { signature: [] } }, field: 'x-api-key', status: 401 },
    missing: { none: 'links are given for what is stored' },
    rights: 'proof',
    otherAccount: 'an answer of its own',
  },
  prepareLogArchive: {
    request: ({ account, finished }) => ({
      query: { accountIdentifier: account, routingId: account, accountID: account, prefix: finished.logPrefix },
    }),
    answers: { status: 'success', link: partOf('/gateway/log-service/blob/archive/'), expires: 3_600_000_000_000 },
    invalid: { change: { query: { prefix: 'nonsense' } }, field: 'prefix' },
    missing: ({ account }) => ({ change: { query: { prefix: `${account}/pipeline/none/1/-none` } } }),
    rights: 'log.view',
  },
  getLogArchive: {
    request: ({ finished }) => ({ params: { name: 'logs.zip' }, query: { prefix: finished.logPrefix } }),
    check: (text) => (text.startsWith('PK') ? undefined : 'is no zip'),
    invalid: { change: { query: { prefix: 'nonsense' } }, field: 'prefix' },
    missing: ({ account }) => ({ change: { query: { prefix: `${account}/pipeline/none/1/-none` } } }),
    rights: 'log.view',
  },
};
