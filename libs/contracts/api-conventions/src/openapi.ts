import { z } from 'zod';
import type { RouteDefinition } from './route.js';
import { shareSchemas } from './shared-schemas.js';

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** OpenAPI 3.0 document of a service, made from its routes alone. Deterministic: the same routes give the same text. */
export function openApiDocument(service: string, version: string, routes: readonly RouteDefinition[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of [...routes].sort((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method))) {
    const path = route.path.replace(/:([A-Za-z]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  const shared = shareSchemas(paths, schemaName);
  return {
    openapi: '3.0.3',
    info: { title: `Sluice ${service}`, version },
    servers: [{ url: '/gateway' }],
    components: { schemas: shared.schemas, securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
    security: [{ apiKey: [] }],
    paths: shared.paths,
  };
}

/** `GetConnectorSpec` for the property `spec` met in the operation of `/connectors/{id}`: the last word of the path and the nearest property name. */
function schemaName(path: readonly string[]): string {
  const words = path.filter((part) => !/^(\d+|properties|schema|content|application\/.*|responses|requestBody|anyOf|oneOf|allOf|items|additionalProperties|default|data|resource|get|put|post|delete)$/.test(part));
  const first = (words[0] ?? '').split('/').filter((part) => part !== '' && !part.startsWith('{')).at(-1) ?? 'shape';
  return [first, ...words.slice(1)].slice(-2).map((word) => word.replace(/[^A-Za-z0-9]+/g, ' ').split(' ').map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('')).join('') || 'Shape';
}

function operation(route: RouteDefinition): Json {
  const status = String(route.status ?? 200);
  const response = schemaOf(route.response, 'output');
  const contentType = { json: 'application/json', text: 'application/yaml', bytes: 'application/octet-stream', multipart: 'multipart/form-data', raw: 'application/json' }[route.bodyKind ?? 'json'];
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body ? { requestBody: { content: { [contentType]: { schema: schemaOf(route.body, 'input') } } } } : {}),
    responses: {
      [status]: status === '204' ? { description: 'done' } : { description: 'success', content: { 'application/json': { schema: enveloped(route, response) } } },
      default: { description: 'error', content: { 'application/json': { schema: errorSchema(route) } } },
    },
  };
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
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'openapi-3.0', unrepresentable: 'any', io, reused: 'inline', cycles: 'ref' }) as Record<string, Json>;
  return json;
}

function enveloped(route: RouteDefinition, schema: Json): Json {
  if (route.isPaged) return (schema as { properties: { items: Json } }).properties.items;
  if (route.isPagedObject) return (schema as { properties: { body: Json } }).properties.body;
  if (route.style === 'ng') return { type: 'object', properties: { status: { type: 'string' }, data: schema, metaData: {}, correlationId: { type: 'string' } } };
  if (route.style === 'rest') return { type: 'object', properties: { metaData: {}, resource: schema, responseMessages: { type: 'array', items: {} } } };
  return schema;
}

function errorSchema(route: RouteDefinition): Json {
  const text = { type: 'string' };
  if (route.style === 'v1') return { type: 'object', required: ['message'], properties: { message: text } };
  if (route.style === 'log') return { type: 'object', required: ['error_msg'], properties: { error_msg: text } };
  return { type: 'object', properties: { status: text, code: text, message: text, correlationId: text, errors: { type: 'array', items: {} }, responseMessages: { type: 'array', items: {} } } };
}
