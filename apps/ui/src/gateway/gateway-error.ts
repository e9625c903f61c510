import { z } from 'zod';

/** Why a call to the gateway did not give an answer we can use. */
export type GatewayErrorKind = 'network' | 'timeout' | 'http' | 'shape';

export interface GatewayErrorFacts {
  readonly kind: GatewayErrorKind;
  /** HTTP status; 0 when no response arrived. */
  readonly status: number;
  /** The contract's error code, such as RESOURCE_NOT_FOUND, where the body had one. */
  readonly code?: string | undefined;
  /** What support needs to find the request in the logs. */
  readonly correlationId?: string | undefined;
  /** Further explanations of the server, without the message itself. */
  readonly hints?: readonly string[];
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly kind: GatewayErrorKind;
  readonly status: number;
  readonly code: string | undefined;
  readonly correlationId: string | undefined;
  readonly hints: readonly string[];

  constructor(message: string, facts: GatewayErrorFacts, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.kind = facts.kind;
    this.status = facts.status;
    this.code = facts.code;
    this.correlationId = facts.correlationId;
    this.hints = facts.hints ?? [];
  }

  /** The same call may succeed later without the user changing anything. */
  get isTransient(): boolean {
    if (this.kind === 'network' || this.kind === 'timeout') return true;
    return this.kind === 'http' && (this.status === 429 || this.status >= 500);
  }
}

/** Union of the error bodies of all API generations (NG, pipeline, DB DevOps, log service). */
const errorBody = z.object({
  message: z.string().nullish(),
  error_msg: z.string().nullish(),
  code: z.string().nullish(),
  correlationId: z.string().nullish(),
  detailedMessage: z.string().nullish(),
  errors: z.array(z.object({ fieldId: z.string().nullish(), error: z.string().nullish() })).nullish(),
  responseMessages: z.array(z.object({ message: z.string().nullish() })).nullish(),
});

const STATUS_TEXT: Readonly<Record<number, string>> = {
  401: 'The API key is not accepted.',
  403: 'This API key may not do that.',
  404: 'The requested item does not exist.',
  429: 'Too many requests with this API key. Wait a moment and try again.',
  502: 'The gateway could not reach the service behind it.',
  503: 'The service is not available right now.',
  504: 'The service did not answer in time.',
};

/** Reads an error response of any API generation; a body that is not JSON gives the general text of its status. */
export function errorFromResponse(status: number, bodyText: string, headerCorrelationId: string | null): GatewayError {
  const body = errorBody.safeParse(parseJson(bodyText));
  const fallback = STATUS_TEXT[status] ?? `The server answered with status ${status}.`;
  if (!body.success)
    return new GatewayError(fallback, { kind: 'http', status, correlationId: headerCorrelationId ?? undefined });
  const { data } = body;
  const message = data.message || data.error_msg || fallback;
  const fieldHints = (data.errors ?? []).map((item) => [item.fieldId, item.error].filter(Boolean).join(': '));
  const hints = [
    data.detailedMessage,
    ...fieldHints,
    ...(data.responseMessages ?? []).map((item) => item.message),
  ].filter((hint): hint is string => Boolean(hint) && hint !== message);
  return new GatewayError(message, {
    kind: 'http',
    status,
    code: data.code ?? undefined,
    correlationId: data.correlationId || headerCorrelationId || undefined,
    hints: [...new Set(hints)],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
