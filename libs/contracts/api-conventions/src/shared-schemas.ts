export type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;
export type JsonObject = { [key: string]: Json };

/** Key under which a schema carries the name its contract gave it; taken out of the finished document. */
export const NAME_KEY = 'x-sluice-name';

/** Unnamed schemas shorter than this stay where they are: a reference would be harder to read than the schema. */
const WORTH_SHARING = 400;

/**
 * Moves named schemas, and long ones that stand in a document more than once, into `components/schemas` and leaves references. An unnamed schema is
 * called after what it lies in: `JdbcConnectorSpec` is the `spec` of the variant `JDBC` of `Connector`. Deterministic for the same document.
 * @param paths operations by path and method, each with an `operationId`
 */
export function shareSchemas(paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>): {
  readonly paths: Json;
  readonly schemas: JsonObject;
} {
  const uses = new Map<string, number>();
  for (const operations of Object.values(paths))
    for (const operation of Object.values(operations)) countUses(operation, uses);
  const sharing = new Sharing(uses);
  const replaced = Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [method, sharing.operation(operation)]),
      ),
    ]),
  );
  return {
    paths: replaced,
    schemas: Object.fromEntries(Object.entries(sharing.schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

class Sharing {
  readonly schemas: JsonObject = {};
  private readonly byText = new Map<string, string>();

  constructor(private readonly uses: ReadonlyMap<string, number>) {}

  operation({ operationId, requestBody, responses, ...rest }: JsonObject): JsonObject {
    const id = pascal(String(operationId));
    return {
      operationId: operationId ?? '',
      ...(this.replace(rest, id) as JsonObject),
      ...(requestBody === undefined ? {} : { requestBody: this.replace(requestBody, `${id}Request`) }),
      ...(responses === undefined ? {} : { responses: this.replace(responses, `${id}Response`) }),
    };
  }

  /** @param owner name of what the value lies in, and of the value itself when nothing better is known */
  private replace(value: Json, owner: string): Json {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.replace(item, owner));
    const { [NAME_KEY]: given, nullable, ...shape } = value;
    const name = typeof given === 'string' ? given : variantName(shape, owner);
    if (!isShape(shape) || (typeof given !== 'string' && !this.isLongAndUsedAgain(shape)))
      return this.inside(value, name);
    const reference = this.shared(shape, name);
    return nullable === true ? { allOf: [reference], nullable: true } : reference;
  }

  private shared(shape: JsonObject, wanted: string): JsonObject {
    const text = JSON.stringify(shape);
    const known = this.byText.get(text);
    if (known !== undefined) return referenceTo(known);
    const name = freeName(wanted, this.schemas);
    this.byText.set(text, name);
    this.schemas[name] = {};
    this.schemas[name] = this.inside(shape, name);
    return referenceTo(name);
  }

  private inside(value: JsonObject, owner: string): JsonObject {
    const entries = Object.entries(value).filter(([key]) => key !== NAME_KEY);
    return Object.fromEntries(entries.map(([key, item]) => [key, this.below(key, item, owner)]));
  }

  private below(key: string, item: Json, owner: string): Json {
    if (key === 'properties')
      return Object.fromEntries(
        Object.entries(item as JsonObject).map(([property, schema]) => [
          property,
          this.replace(schema, nameOfProperty(property, owner)),
        ]),
      );
    return this.replace(item, key === 'additionalProperties' ? `${owner}Entry` : owner);
  }

  private isLongAndUsedAgain(shape: JsonObject): boolean {
    const text = JSON.stringify(shape);
    return text.length >= WORTH_SHARING && (this.uses.get(text) ?? 0) > 1;
  }
}

/** Properties that only wrap: `ListSecretsResponse` holds `ListSecretsData`, which holds rows. */
const ENVELOPE: Readonly<Record<string, string>> = { data: 'Data', resource: 'Data', content: 'Row' };

function nameOfProperty(property: string, owner: string): string {
  const part = ENVELOPE[property];
  return part === undefined ? `${owner}${pascal(property)}` : `${owner.replace(/(Response|Data)$/, '')}${part}`;
}

/** A variant says by a property with one value, mostly `type`, which one it is. */
function variantName({ properties }: JsonObject, owner: string): string {
  if (!isObject(properties)) return owner;
  const single = (property: Json | undefined): string | undefined =>
    isObject(property) && Array.isArray(property['enum']) && property['enum'].length === 1
      ? pascal(String(property['enum'][0]))
      : undefined;
  const variant = [properties['type'], ...Object.values(properties)].map(single).find((value) => value !== undefined);
  return variant === undefined || owner.endsWith(variant) || owner.startsWith(variant) ? owner : `${variant}${owner}`;
}

/** Objects with properties and choices between them: lists and maps are clear where they stand. */
function isShape(value: JsonObject): boolean {
  return isObject(value['properties']) || ['anyOf', 'oneOf'].some((key) => Array.isArray(value[key]));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countUses(value: Json, uses: Map<string, number>): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && isShape(value)) {
    const { [NAME_KEY]: _, nullable: __, ...shape } = value;
    const text = JSON.stringify(shape);
    if (text.length >= WORTH_SHARING) uses.set(text, (uses.get(text) ?? 0) + 1);
  }
  for (const item of Object.values(value)) countUses(item, uses);
}

function referenceTo(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

function pascal(text: string): string {
  return text
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .split(' ')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

function freeName(wanted: string, taken: Readonly<JsonObject>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}${number}`;
    if (!(name in taken)) return name;
  }
}
