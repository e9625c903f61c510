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

/**
 * JSON schema (draft 7) of an entity's YAML. Identifiers that are known are fixed in it, and scope keys the entity cannot have are left out. `definitions`
 * also holds the entity under its root key, `{connector: {connector, JDBC, Git, ...}}`: clients list the fields of the first and open the others by name. Pure.
 */
export function yamlSchemaOf(wish: YamlSchemaWish): JsonSchema {
  const [root, schema] = DOCUMENTS[wish.entityType];
  const json = z.toJSONSchema(z.object({ [root]: schema }), {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    cycles: 'ref',
    reused: 'ref',
  }) as JsonSchema;
  const variants = variantsOf(json, resolved(json, recordAt(json['properties'], root)));
  for (const variant of variants) narrow(variant, wish);
  return {
    title: root,
    ...json,
    definitions: { ...recordOf(json['definitions']), [root]: sectionsOf(root, variants) },
  };
}

/** Alternatives of an entity (one per connector type, say), or the entity itself. */
function variantsOf(document: JsonSchema, entity: JsonSchema): readonly JsonSchema[] {
  const choices = entity['oneOf'] ?? entity['anyOf'];
  return Array.isArray(choices) ? choices.map((choice: unknown) => resolved(document, recordOf(choice))) : [entity];
}

/** The entity by its root key; of one with alternatives what all of them have, and each alternative by its type. */
function sectionsOf(root: string, variants: readonly JsonSchema[]): JsonSchema {
  const [first = {}, ...others] = variants;
  if (others.length === 0) return { [root]: first };
  const types = variants.map((variant) => String(recordAt(variant['properties'], 'type')['const']));
  const shared = Object.entries(recordOf(first['properties'])).filter(([key]) =>
    others.every((other) => key in recordOf(other['properties'])),
  );
  const own = {
    type: { type: 'string', enum: types },
    spec: { type: 'object', description: `depends on the type, see the section of that name: ${types.join(', ')}` },
  };
  const common = {
    type: 'object',
    properties: { ...Object.fromEntries(shared), ...own },
    required: first['required'],
    oneOf: types.map((type) => ({ $ref: `#/definitions/${root}/${type}` })),
  };
  return { [root]: common, ...Object.fromEntries(types.map((type, index) => [type, variants[index]])) };
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
  return $ref
    .slice(2)
    .split('/')
    .reduce((at, part) => recordAt(at, part), document);
}

function recordAt(value: unknown, key: string): JsonSchema {
  return recordOf(recordOf(value)[key]);
}

function recordOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {};
}
