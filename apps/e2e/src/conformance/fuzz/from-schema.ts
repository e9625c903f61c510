import fc from 'fast-check';
import { z } from 'zod';
import { hostileValue } from './hostile.js';

/** What of JSON Schema our contract's schemas use. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const MOST_ITEMS = 3;
const LONGEST = 40;

/** Values of the shape a schema asks for. What it asks for beside the shape (refinements) may be missed, which is as good a test. */
export function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  return fromJsonSchema(jsonSchemaOf(schema));
}

/** Names of the properties an object schema has; none for another. */
export function keysOf(schema: z.ZodType | undefined): readonly string[] {
  return schema ? Object.keys(jsonSchemaOf(schema).properties ?? {}) : [];
}

/** Values of one property of an object schema. */
export function valuesOfKey(schema: z.ZodType, key: string): fc.Arbitrary<unknown> {
  return fromJsonSchema(jsonSchemaOf(schema).properties?.[key] ?? {});
}

const converted = new WeakMap<z.ZodType, JsonSchema>();

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const known =
    converted.get(schema) ??
    (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', cycles: 'ref', reused: 'inline' }) as JsonSchema);
  converted.set(schema, known);
  return known;
}

function fromJsonSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && choices.length > 0) return fc.oneof(...choices.map(fromJsonSchema));
  if (schema.allOf)
    return fc
      .tuple(...schema.allOf.map(fromJsonSchema))
      .map((parts) => Object.assign({}, ...parts.filter((part) => typeof part === 'object')) as unknown);
  if (Array.isArray(schema.type))
    return fc.oneof(...(schema.type as readonly string[]).map((type) => fromJsonSchema({ ...schema, type })));
  switch (schema.type) {
    case 'object':
      return objects(schema);
    case 'array':
      return fc.array(fromJsonSchema(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS)),
      });
    case 'string':
      return texts(schema);
    case 'integer':
      return fc.integer({
        min: bounded(schema.minimum, -1_000),
        max: Math.max(bounded(schema.minimum, -1_000), bounded(schema.maximum, 4_000_000)),
      });
    case 'number':
      return fc.double({
        min: bounded(schema.minimum, -1e6),
        max: Math.max(bounded(schema.minimum, -1e6), bounded(schema.maximum, 1e6)),
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.oneof(hostileValue, fc.jsonValue({ maxDepth: 2 }));
  }
}

function objects({ properties = {}, required = [], additionalProperties }: JsonSchema): fc.Arbitrary<unknown> {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, fromJsonSchema(value)])),
    { requiredKeys: required.filter((key) => key in properties) },
  );
  if (additionalProperties === undefined || typeof additionalProperties === 'boolean') return known;
  return fc
    .tuple(
      known,
      fc.dictionary(fc.string({ maxLength: 20 }), fromJsonSchema(additionalProperties), { maxKeys: MOST_ITEMS }),
    )
    .map(([one, more]) => ({ ...more, ...one }));
}

function texts({ pattern, minLength = 0, maxLength = LONGEST }: JsonSchema): fc.Arbitrary<string> {
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, LONGEST)) });
}

function bounded(limit: number | undefined, otherwise: number): number {
  return limit === undefined || Math.abs(limit) > 0x7fff_ffff ? otherwise : limit;
}
