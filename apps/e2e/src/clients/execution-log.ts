import { inflateRawSync, gunzipSync } from 'node:zlib';
import { pause, waitFor } from '@sluice/kernel';
import type { McpClient } from './requests.js';
import { dataOf, path, property } from './rows.js';

/** How the MCP client shows the log of an execution (api-contract 5.5). */
export interface LogRequest {
  readonly executionId: string;
  /** Map key, uuid or identifier of a step. */
  readonly step?: string;
  /** Map key, uuid or identifier of a stage. */
  readonly stage?: string;
}

const ATTEMPTS = 5;
const BETWEEN_ATTEMPTS_MS = 3_000;
const MOST_BYTES = 2 * 1024 * 1024;
const OBJECT_STORES = /(\.|^)(amazonaws\.com|storage\.googleapis\.com)$/;
/** No more than the client takes out. */
const CONTROL_SEQUENCES = /\u001b\[[0-9;]*[A-Za-z]/g;

/** The log as text, one `[time] level: text` per line. */
async function executionLog(client: McpClient, request: LogRequest): Promise<string> {
  const prefix = await logPrefix(client, request);
  return render(unpack(await fetchLink(client, await logLink(client, prefix))));
}

/** The log once it says this: a result goes first when its log takes long to be stored. */
export function executionLogWith(client: McpClient, request: LogRequest, wanted: RegExp): Promise<string> {
  const look = async (): Promise<string | false> => {
    const text = await executionLog(client, request).catch(() => '');
    return wanted.test(text) && text;
  };
  return waitFor(look, { timeoutMs: 240_000, intervalMs: 500, what: `a log with ${String(wanted)}` });
}

/** Asks for the archive until it is ready. @throws Error when it is not after five attempts (three in older clients), or at once when it cannot be made */
export async function logLink(client: McpClient, prefix: string): Promise<string> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const answer = dataOf(
      await client.send({
        method: 'POST',
        path: '/gateway/log-service/blob/download',
        scope: 'A',
        query: { accountID: client.account, prefix },
      }),
    );
    const link = property(answer, 'link');
    if (property(answer, 'status') === 'error')
      throw new Error(`the log under "${prefix}" cannot be downloaded: ${String(property(answer, 'error_msg'))}`);
    if (property(answer, 'status') === 'success' && typeof link === 'string' && link !== '') return link;
    if (attempt < ATTEMPTS) await pause(BETWEEN_ATTEMPTS_MS);
  }
  throw new Error(`the log under "${prefix}" was not ready after ${ATTEMPTS} attempts`);
}

/** First hit wins: the step, the stage, the pipeline, the longest key there is, a key made of the summary. */
export async function logPrefix(client: McpClient, { executionId, step, stage }: LogRequest): Promise<string> {
  const detail = dataOf(
    await client.send({
      method: 'GET',
      path: `/pipeline/api/pipelines/execution/v2/${executionId}`,
      scope: 'S',
      query: { renderFullBottomGraph: true },
    }),
  );
  const nodes = Object.entries(
    (path(detail, 'executionGraph', 'nodeMap') ?? {}) as Record<string, Record<string, unknown>>,
  );
  const keyOf = (fits: (key: string, node: Record<string, unknown>) => boolean): string | undefined => {
    const found = nodes.find(([key, node]) => fits(key, node) && node['logBaseKey'])?.[1]['logBaseKey'];
    return typeof found === 'string' ? found : undefined;
  };
  const is = (wanted: string, key: string, node: Record<string, unknown>): boolean =>
    [key, node['uuid'], node['identifier']].includes(wanted);
  const stages =
    stage === undefined
      ? []
      : [stage, ...nodes.filter(([key, node]) => is(stage, key, node)).map(([, node]) => String(node['identifier']))];
  const isInside = (node: Record<string, unknown>): boolean =>
    stages.length === 0 ||
    stages.some((one) => node['identifier'] === one || String(node['baseFqn']).includes(`.stages.${one}`));
  const byStep = step === undefined ? undefined : keyOf((key, node) => is(step, key, node) && isInside(node));
  const byStage = stage === undefined ? undefined : keyOf((key, node) => stages.some((one) => is(one, key, node)));
  const byPipeline = keyOf((_key, node) => node['identifier'] === 'pipeline' && node['baseFqn'] === 'pipeline');
  const longest = nodes.map(([, node]) => String(node['logBaseKey'] ?? '')).toSorted((a, b) => b.length - a.length)[0];
  return (
    byStep ??
    byStage ??
    byPipeline ??
    (longest || prefixFromSummary(client.account, property(detail, 'pipelineExecutionSummary')))
  );
}

/** The documented layouts (api-contract 5.4). */
export function prefixFromSummary(account: string, summary: unknown): string {
  const of = (key: string): string => String(property(summary, key));
  if (property(summary, 'shouldUseSimplifiedKey') !== false)
    return `${account}/pipeline/${of('pipelineIdentifier')}/${of('runSequence')}/-${of('planExecutionId')}`;
  return `accountId:${account}/orgId:${of('orgIdentifier')}/projectId:${of('projectIdentifier')}/pipelineId:${of('pipelineIdentifier')}/runSequence:${of('runSequence')}/level0:pipeline`;
}

/** Where the client really goes for a link: its host is discarded unless it is an object store's. Older clients GET the link as it is, without a key. */
export function rewrittenLink(link: string): { readonly kind: 'store' | 'gateway'; readonly address: string } {
  const url = new URL(link, 'http://relative.invalid');
  if (OBJECT_STORES.test(url.hostname)) return { kind: 'store', address: link };
  const here = `${url.pathname}${url.search}`;
  return { kind: 'gateway', address: here.startsWith('/gateway/log-service/') ? here : `/gateway/log-service${here}` };
}

async function fetchLink(client: McpClient, link: string): Promise<Buffer> {
  const { kind, address } = rewrittenLink(link);
  if (kind === 'store') throw new Error(`the link leads to an object store: ${link}`);
  const { status, bytes } = await client.getBytes(address);
  if (status !== 200) throw new Error(`${address} answered ${status}: ${bytes.toString('utf8', 0, 300)}`);
  if (bytes.length > MOST_BYTES)
    throw new Error(`the archive has ${bytes.length} bytes, the client takes ${MOST_BYTES}`);
  return bytes;
}

/** By its first bytes: gzip, zip or text. */
function unpack(bytes: Buffer): string {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes).toString('utf8');
  if (bytes.toString('latin1', 0, 2) !== 'PK') return bytes.toString('utf8');
  return zipEntries(bytes)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ content }) => content)
    .join('\n');
}

/** Entries by the central directory; stored (0) and deflated (8). */
function zipEntries(zip: Buffer): { readonly name: string; readonly content: string }[] {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  if (end < 0) throw new Error('the archive has no central directory');
  const entries: { name: string; content: string }[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, packed, nameLength, extra, comment, local] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
      zip.readUInt32LE(at + 42),
    ];
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(data, data + packed);
    if (method !== 0 && method !== 8) throw new Error(`an entry is packed by method ${method}`);
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameLength),
      content: (method === 8 ? inflateRawSync(bytes) : bytes).toString('utf8'),
    });
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}

/** Lines sorted by time where both have one; the ones that are no JSON as they are. */
function render(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseLine);
  const sorted = lines.toSorted((a, b) => (a.time !== '' && b.time !== '' ? a.time.localeCompare(b.time) : 0));
  return sorted
    .map(({ time, level, out }) =>
      `${time === '' ? '' : `[${time}]${level === '' ? '' : ` ${level.toLowerCase()}:`}`} ${out}`.trim(),
    )
    .join('\n');
}

function parseLine(line: string): { readonly time: string; readonly level: string; readonly out: string } {
  try {
    const parsed: unknown = JSON.parse(line);
    const first = (...keys: readonly string[]): string =>
      String(keys.map((key) => property(parsed, key)).find((value) => value !== undefined && value !== null) ?? '');
    return {
      time: first('time', 'timestamp', 'ts'),
      level: first('level'),
      out: first('out', 'message', 'msg').replace(CONTROL_SEQUENCES, ''),
    };
  } catch {
    return { time: '', level: '', out: line };
  }
}
