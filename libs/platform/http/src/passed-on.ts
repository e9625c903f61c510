/**
 * The success body of another service, in the same contract's shape, passed on without being read: what one service has written, the next need not
 * parse, check and write again. A handler may return it in place of its route's value.
 */
export class PassedOn {
  constructor(
    readonly bytes: Buffer,
    /** Headers that belong to the body: its page, its version. */
    readonly headers: Readonly<Record<string, string>>,
  ) {}
}

const BELONGING = ['content-type', 'etag', 'x-total-elements', 'x-page-number', 'x-page-size'] as const;

/** The headers of an answer that go with its body. */
export function headersOfBody(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    BELONGING.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  );
}
