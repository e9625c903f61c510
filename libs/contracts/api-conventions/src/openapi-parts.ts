import type { RouteDefinition, WireStyle } from './route.js';
import type { Json, JsonObject } from './shared-schemas.js';

const text = { type: 'string' };

export const SECURITY_SCHEMES = {
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'pat.<account>.<id>.<secret> of a user or sat.<account>.<id>.<secret> of a service account',
  },
  bearer: { type: 'http', scheme: 'bearer', description: 'The same key, as Authorization: Bearer' },
  logToken: { type: 'apiKey', in: 'header', name: 'X-Harness-Token', description: 'Token of the log service' },
  serviceToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Token by which one service calls another; no client has one',
  },
} satisfies Json;

export const PAGE_HEADERS = {
  'X-Total-Elements': { description: 'How many there are on all pages', schema: { type: 'integer' } },
  'X-Page-Number': { description: 'This page, from 0', schema: { type: 'integer' } },
  'X-Page-Size': { description: 'Elements of a page', schema: { type: 'integer' } },
} satisfies Json;

export const PAGE_HEADER_REFERENCES: JsonObject = Object.fromEntries(
  Object.keys(PAGE_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

function errorOf(description: string, required: readonly string[], properties: Json): Json {
  return {
    description,
    content: { 'application/json': { schema: { type: 'object', required: [...required], properties } } },
  };
}

const responseMessages = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      code: text,
      level: text,
      message: text,
      exception: { type: 'string', nullable: true },
      failureTypes: { type: 'array', items: text },
    },
  },
};
const details = { type: 'object', additionalProperties: true };
const fieldErrors = { type: 'array', items: { type: 'object', properties: { fieldId: text, error: text } } };

interface ErrorResponse {
  /** Styles whose routes answer it. */
  readonly of: readonly WireStyle[];
  readonly response: Json;
}

/** Errors as each style writes them. */
export const ERROR_RESPONSES: Readonly<Record<string, ErrorResponse>> = {
  Failure: {
    of: ['ng', 'rest', 'bare'],
    response: errorOf('What was wrong with the request', ['status', 'code', 'message', 'correlationId'], {
      status: { type: 'string', enum: ['FAILURE'] },
      code: text,
      message: text,
      correlationId: text,
      errors: fieldErrors,
      responseMessages,
    }),
  },
  Error: {
    of: ['ng', 'rest', 'bare'],
    response: errorOf('What went wrong here', ['status', 'code', 'message', 'correlationId'], {
      status: { type: 'string', enum: ['ERROR'] },
      code: text,
      message: text,
      correlationId: text,
      detailedMessage: { type: 'string', nullable: true },
      responseMessages,
      metadata: { type: 'object', nullable: true },
    }),
  },
  Message: { of: ['v1'], response: errorOf('What was wrong', ['message'], { message: text }) },
  LogError: {
    of: ['log'],
    response: errorOf(
      'What was wrong, under the name the log service has for it and the one every other answer has',
      ['error_msg', 'message'],
      { error_msg: text, message: text },
    ),
  },
  InternalError: {
    of: ['internal'],
    response: errorOf('What was wrong, between services', ['code', 'message', 'correlationId'], {
      code: text,
      message: text,
      correlationId: text,
      details,
    }),
  },
};

const CLIENT_ERRORS = ['400', '401', '403', '404', '429'] as const;
const SERVER_ERRORS = ['500', '503'] as const;

/** References to the errors of a route's style; what happens to every route is said of every route. */
export function errorResponses({ style, access }: RouteDefinition): JsonObject {
  const clientErrors = CLIENT_ERRORS.filter((status) => access !== 'public' || (status !== '401' && status !== '403'));
  const name = (isOurFault: boolean): string =>
    Object.entries(ERROR_RESPONSES)
      .filter(([, { of }]) => of.includes(style))
      .map(([key]) => key)
      .at(isOurFault ? -1 : 0) ?? 'Failure';
  const reference = (isOurFault: boolean): Json => ({ $ref: `#/components/responses/${name(isOurFault)}` });
  return Object.fromEntries([
    ...clientErrors.map((status) => [status, reference(false)]),
    ...SERVER_ERRORS.map((status) => [status, reference(true)]),
  ]);
}

/** Where it differs from the document's own: routes for anybody, for holders of a log token, and for services alone. */
export function securityOf(route: RouteDefinition): JsonObject {
  if (route.access === 'public') return { security: [] };
  if (!(route.callers ?? ['gateway']).includes('gateway'))
    return { security: [{ serviceToken: [] }], servers: [{ url: '/' }] };
  return route.style === 'log' ? { security: [{ apiKey: [] }, { bearer: [] }, { logToken: [] }] } : {};
}
