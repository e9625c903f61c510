import { connector, organization, project, secret, type YamlEntityType } from '@sluice/ng-manager-api';
import { pipelineYaml } from '@sluice/pipeline-engine';
import { z } from 'zod';

/** The root key of each document and the schema of what is below it: the very schemas requests are checked with. */
const DOCUMENTS: Readonly<Record<YamlEntityType, readonly [root: string, schema: z.ZodType]>> = {
  Organizations: ['organization', organization],
  Projects: ['project', project],
  Connectors: ['connector', connector],
  Secrets: ['secret', secret],
  Pipelines: ['pipeline', pipelineYaml],
};

export interface YamlSchemaWish {
  readonly entityType: YamlEntityType;
  /** Where the entity will live. */
  readonly scope?: 'account' | 'org' | 'project' | undefined;
  readonly orgIdentifier?: string | undefined;
  readonly projectIdentifier?: string | undefined;
  readonly identifier?: string | undefined;
}

type JsonSchema = Record<string, unknown>;

/** JSON schema (2020-12) of an entity's YAML. Identifiers that are known are fixed in it, and scope keys the entity cannot have are left out. Pure. */
export function yamlSchemaOf(wish: YamlSchemaWish): JsonSchema {
  const [root, schema] = DOCUMENTS[wish.entityType];
  const json = z.toJSONSchema(z.object({ [root]: schema }), { io: 'input', unrepresentable: 'any', cycles: 'ref', reused: 'ref' }) as JsonSchema;
  const entity = resolved(json, recordAt(json['properties'], root));
  for (const variant of variantsOf(json, entity)) narrow(variant, wish);
  return json;
}

/** Alternatives of an entity (one per connector type, say), or the entity itself. */
function variantsOf(document: JsonSchema, entity: JsonSchema): readonly JsonSchema[] {
  const choices = entity['oneOf'] ?? entity['anyOf'];
  return Array.isArray(choices) ? choices.map((choice: unknown) => resolved(document, recordOf(choice))) : [entity];
}

function narrow(variant: JsonSchema, { scope, identifier, orgIdentifier, projectIdentifier }: YamlSchemaWish): void {
  const properties = recordOf(variant['properties']);
  const fix = (key: string, value: string | undefined): void => {
    if (value !== undefined && key in properties) properties[key] = { type: 'string', const: value };
  };
  if (scope === 'account') delete properties['orgIdentifier'];
  if (scope === 'account' || scope === 'org') delete properties['projectIdentifier'];
  fix('identifier', identifier);
  if (scope === 'org' || scope === 'project') fix('orgIdentifier', orgIdentifier);
  if (scope === 'project') fix('projectIdentifier', projectIdentifier);
}

function resolved(document: JsonSchema, schema: JsonSchema): JsonSchema {
  const { $ref } = schema;
  if (typeof $ref !== 'string' || !$ref.startsWith('#/')) return schema;
  return $ref.slice(2).split('/').reduce((at, part) => recordAt(at, part), document);
}

function recordAt(value: unknown, key: string): JsonSchema {
  return recordOf(recordOf(value)[key]);
}

function recordOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {};
}
