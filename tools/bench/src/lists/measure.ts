import { Client } from 'undici';
import type { ListRoute } from './list-routes.js';
import type { Asker, ListRequest } from './requests.js';
import { variantsOf, type Variant } from './variants.js';

export interface Measurement {
  readonly route: string;
  readonly asker: Asker['name'];
  readonly query: string;
  /** Milliseconds, one per run. */
  readonly times: readonly number[];
  /** Of the last answer. */
  readonly bytes: number;
}

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const WARM_UP = 2;

/** Asks for lists over one connection, one request at a time: what is measured is what one person waits for. */
export class ListClient {
  private readonly client: Client;

  constructor(gatewayUrl: string) {
    this.client = new Client(gatewayUrl, { bodyTimeout: 60_000, headersTimeout: 60_000 });
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** Every variant of one list as one asker. @throws Error when an answer is not what it should be */
  async measure(list: ListRoute, asker: Asker, request: ListRequest, runs: number): Promise<Measurement[]> {
    const first = await this.ask(list, asker, request, {});
    const { total, size } = placeOf(list, first);
    const measurements: Measurement[] = [];
    for (const variant of variantsOf(list, total, size))
      measurements.push(await this.measureVariant(list, asker, request, variant, runs));
    return measurements;
  }

  private async measureVariant(
    list: ListRoute,
    asker: Asker,
    request: ListRequest,
    variant: Variant,
    runs: number,
  ): Promise<Measurement> {
    const times: number[] = [];
    let bytes = 0;
    for (let run = 0; run < runs + WARM_UP; run += 1) {
      const { ms, text } = await this.ask(list, asker, request, variant.query);
      bytes = text.length;
      if (run >= WARM_UP) times.push(ms);
    }
    return { route: list.route.id, asker: asker.name, query: variant.name, times, bytes };
  }

  private async ask(
    { route }: ListRoute,
    asker: Asker,
    { params = {}, query = {}, body, expects = 200 }: ListRequest,
    more: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const path = route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const search = new URLSearchParams({ ...query, ...more }).toString();
    const startedAt = performance.now();
    const response = await this.client.request({
      method: route.method,
      path: `/gateway${path}${search === '' ? '' : `?${search}`}`,
      headers: {
        'x-api-key': asker.apiKey,
        'harness-account': asker.account,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    const ms = performance.now() - startedAt;
    if (response.statusCode !== expects)
      throw new Error(
        `${route.id} as ${asker.name} ${path}?${search} answered ${response.statusCode} instead of ${expects}: ${text.slice(0, 300)}`,
      );
    return { status: response.statusCode, ms, text, headers: response.headers };
  }
}

/** How long the list is, and how large its pages are when nobody says so. */
function placeOf(
  { paging }: ListRoute,
  { status, text, headers }: Answer,
): { readonly total: number; readonly size: number } {
  if (status !== 200 || paging.kind === 'whole') return { total: 0, size: 10 };
  if (paging.kind === 'v1') return { total: Number(headers['x-total-elements']), size: Number(headers['x-page-size']) };
  const { data } = JSON.parse(text) as { data: Readonly<Record<string, number>> };
  return { total: data['totalItems'] ?? data['totalElements'] ?? 0, size: data['pageSize'] ?? data['size'] ?? 10 };
}
