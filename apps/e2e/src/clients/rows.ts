import { expect, it } from '@jest/globals';
import type { Answer, McpClient, McpRequest } from './requests.js';

/**
 * How the MCP client takes an answer apart (api-contract 7): `NG` gives `data` or the whole body, `PAGE` gives `{items, total}`, `RAW` the body.
 * A further word names the key a client looks into.
 */
type Extracts = 'NG' | 'PAGE' | 'RAW' | `NG ${string}`;

/** One row of the call list: the request, and what the client reads in the answer. */
export interface Row extends McpRequest {
  readonly name: string;
  readonly extracts: Extracts;
  /** Matched against what was extracted; plain values must be equal. */
  readonly expected: unknown;
  /** Status of the answer where it is not any 2xx. */
  readonly status?: number;
}

/** One test per row, in the order a person works in. */
export function testRows(client: () => McpClient, rows: readonly Row[]): void {
  for (const row of rows) {
    it(`${row.name}: ${row.method} ${row.path.split('?', 1)[0] ?? ''}`, async () => {
      const answer = await client().send(row);
      if (row.status === undefined)
        expect({ status: answer.status, text: succeeded(answer) ? '' : answer.text }).toEqual({
          status: expect.any(Number),
          text: '',
        });
      else expect(answer.status).toBe(row.status);
      expectToMatch(extracted(answer, row.extracts), row.expected);
    });
  }
}

/** What the client hands on. */
function extracted({ body }: Answer, extracts: Extracts): unknown {
  if (extracts === 'RAW') return body;
  const data = property(body, 'data') ?? body;
  if (extracts === 'NG') return data;
  if (extracts === 'PAGE')
    return { items: property(data, 'content'), total: property(data, 'totalElements') ?? property(data, 'totalItems') };
  return property(data, extracts.slice(3)) ?? data;
}

/** `data` of an answer that must have succeeded. @throws Error with what the gateway said instead */
export function dataOf(answer: Answer): unknown {
  if (!succeeded(answer)) throw new Error(`status ${answer.status}: ${answer.text.slice(0, 500)}`);
  return property(answer.body, 'data') ?? answer.body;
}

export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** A deeper property: `path(value, 'a', 'b')`. */
export function path(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce(property, value);
}

function expectToMatch(found: unknown, expected: unknown): void {
  if (typeof expected === 'object' && expected !== null && !('asymmetricMatch' in expected))
    expect(found).toMatchObject(expected);
  else expect(found).toEqual(expected);
}

function succeeded({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
