import { z } from 'zod';

const names = z.registry<{ readonly name: string }>();

/** Gives schemas the names they have in API documents, such as `DBSchemaOut`. The schemas themselves stay as they are. */
export function nameSchemas(schemas: Readonly<Record<string, z.ZodType | undefined>>): void {
  for (const [name, schema] of Object.entries(schemas)) if (schema) names.add(schema, { name });
}

/** Names every object and union that the modules of a contract export after its export: `connectorResponse` is `ConnectorResponse`. */
export function nameExports(...modules: readonly object[]): void {
  for (const [name, value] of modules.flatMap((module) => Object.entries(module) as [string, unknown][])) {
    if (isShape(value)) names.add(value, { name: `${name.charAt(0).toUpperCase()}${name.slice(1)}` });
  }
}

export function nameOfSchema(schema: z.core.$ZodType): string | undefined {
  return names.get(schema as z.ZodType)?.name;
}

function isShape(value: unknown): value is z.ZodType {
  return value instanceof z.ZodObject || value instanceof z.ZodUnion;
}
