import { z } from 'zod';
import type { RouteDefinition } from './route.js';

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** OpenAPI 3.0 document of a service, made from its routes alone. Deterministic: the same routes give the same text. */
export function openApiDocument(service: string, version: string, routes: readonly RouteDefinition[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of [...routes].sort((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method))) {
    const path = route.path.replace(/:([A-Za-z]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.0.3',
    info: { title: `Sluice ${service}`, version },
    servers: [{ url: '/gateway' }],
    components: { securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
    security: [{ apiKey: [] }],
    paths,
  };
}

function operation(route: RouteDefinition): Json {
  const status = String(route.status ?? 200);
  const response = schemaOf(route.response, 'output');
  const contentType = { json: 'application/json', text: 'application/yaml', bytes: 'application/octet-stream', raw: 'application/json' }[route.bodyKind ?? 'json'];
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
