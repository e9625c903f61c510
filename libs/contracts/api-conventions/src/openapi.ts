import { z } from 'zod';
import {
  ERROR_RESPONSES,
  PAGE_HEADERS,
  PAGE_HEADER_REFERENCES,
  SECURITY_SCHEMES,
  errorResponses,
  securityOf,
} from './openapi-parts.js';
import type { RouteDefinition } from './route.js';
import { nameOfSchema } from './schema-names.js';
import { sharedParameters } from './shared-parameters.js';
import { NAME_KEY, shareSchemas, type Json, type JsonObject } from './shared-schemas.js';

/** OpenAPI 3.0 document of a service, made from its routes alone. Deterministic: the same routes give the same text. */
export function openApiDocument(service: string, version: string, routes: readonly RouteDefinition[]): Json {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of [...routes].sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method))) {
    const path = route.path.replace(/:([A-Za-z]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  const parameters = sharedParameters(Object.values(paths).flatMap((operations) => Object.values(operations)));
  const shared = shareSchemas(paths);
  const styles = new Set(routes.map(({ style }) => style));
  return {
    openapi: '3.0.3',
    info: { title: `Sluice ${service}`, version, license: { name: 'Apache-2.0' } },
    // Seen from the page that shows it, which the gateway serves.
    servers: [{ url: '/gateway' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    paths: shared.paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters,
      headers: PAGE_HEADERS,
      responses: Object.fromEntries(
        Object.entries(ERROR_RESPONSES)
          .filter(([, { of }]) => of.some((style) => styles.has(style)))
          .map(([name, { response }]) => [name, response]),
      ),
      schemas: shared.schemas,
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const CONTENT_TYPES = {
  json: 'application/json',
  text: 'application/yaml',
  bytes: 'application/octet-stream',
  multipart: 'multipart/form-data',
  raw: 'application/json',
} as const;

function operation(route: RouteDefinition): JsonObject {
  const status = String(route.status ?? 200);
  const isPage = route.isPaged === true || route.isPagedObject === true;
  const success =
    status === '204'
      ? { description: 'done' }
      : {
          description: 'success',
          ...(isPage ? { headers: PAGE_HEADER_REFERENCES } : {}),
          content: { 'application/json': { schema: enveloped(route, schemaOf(route.response, 'output')) } },
        };
  return {
    operationId: route.id,
    tags: [areaOf(route)],
    summary: route.summary,
    ...securityOf(route),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body
      ? {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { [CONTENT_TYPES[route.bodyKind ?? 'json']]: { schema: schemaOf(route.body, 'input') } },
          },
        }
      : {}),
    responses: { [status]: success, ...errorResponses(route) },
  };
}

/** What readers find a route under: the first word of its path that tells it from others. */
function areaOf({ style, path }: RouteDefinition): string {
  if (style === 'internal') return 'between services';
  const below = path
    .replace(/^\/(?:dbdevops|log-service|(?:ng|pipeline)\/api)?\/?/, '')
    .replace(/^v[12]\//, '')
    .replace(/^orgs\/:org\/(?:projects\/:project\/)?(?=.)/, '');
  return below.split('/')[0] ?? below;
}

function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const json = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (json.required ?? []).includes(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    unrepresentable: 'any',
    io,
    reused: 'inline',
    cycles: 'ref',
    override: ({ zodSchema, jsonSchema }) => {
      // An answer may hold more than today's contract names; said of what is sent only where it is refused.
      if (io === 'output' && zodSchema instanceof z.ZodObject && zodSchema.def.catchall === undefined)
        delete jsonSchema.additionalProperties;
      const name = nameOfSchema(zodSchema);
      if (name !== undefined) (jsonSchema as Record<string, unknown>)[NAME_KEY] = name;
    },
  }) as Record<string, Json>;
  return json;
}

function enveloped(route: RouteDefinition, schema: Json): Json {
  if (route.isPaged) return (schema as { properties: { items: Json } }).properties.items;
  if (route.isPagedObject) return (schema as { properties: { body: Json } }).properties.body;
  const text = { type: 'string' };
  if (route.style === 'ng')
    return {
      type: 'object',
      required: ['status', 'data', 'correlationId'],
      properties: { status: text, data: schema, metaData: {}, correlationId: text },
    };
  if (route.style === 'rest')
    return {
      type: 'object',
      required: ['resource'],
      properties: { metaData: {}, resource: schema, responseMessages: { type: 'array', items: {} } },
    };
  return schema;
}
