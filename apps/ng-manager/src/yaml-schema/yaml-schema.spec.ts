import { describe, expect, it } from '@jest/globals';
import { CONNECTOR_TYPES, SECRET_TYPES, YAML_ENTITY_TYPES, getYamlSchema } from '@sluice/ng-manager-api';
import { z } from 'zod';
import { yamlSchemaOf } from './yaml-schema.js';

const validate = (schema: Record<string, unknown>, document: unknown): boolean =>
  z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(document).success;
interface Section {
  readonly properties: Record<string, unknown>;
}
const secret = {
  type: 'SecretText',
  identifier: 's',
  name: 'S',
  spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'v' },
};
const pipeline = {
  identifier: 'p',
  name: 'P',
  stages: [
    {
      stage: {
        identifier: 's',
        name: 'S',
        type: 'Custom',
        spec: {
          execution: {
            steps: [
              {
                stepGroup: {
                  identifier: 'g',
                  name: 'G',
                  steps: [{ step: { identifier: 'x', name: 'X', type: 'DBSchemaApply' } }],
                },
              },
            ],
          },
        },
      },
    },
  ],
};

describe('the JSON schema of an entity', () => {
  it.each(YAML_ENTITY_TYPES)('of %s is valid, has one root and takes no empty document', (entityType) => {
    const schema = yamlSchemaOf({ entityType });
    expect(schema['$schema']).toContain('draft-07');
    expect(schema['required']).toHaveLength(1);
    expect(validate(schema, {})).toBe(false);
  });

  it('takes what requests with that document take, and refuses what they refuse', () => {
    expect(validate(yamlSchemaOf({ entityType: 'Secrets' }), { secret })).toBe(true);
    expect(validate(yamlSchemaOf({ entityType: 'Secrets' }), { secret: { ...secret, type: 'WinRmCredentials' } })).toBe(
      false,
    );
    expect(
      validate(yamlSchemaOf({ entityType: 'Secrets' }), { secret: { ...secret, identifier: 'with-hyphen' } }),
    ).toBe(false);
    expect(
      validate(yamlSchemaOf({ entityType: 'Connectors' }), {
        connector: { identifier: 'c', name: 'C', type: 'JDBC', spec: { url: 'jdbc:postgresql://h/d' } },
      }),
    ).toBe(true);
    expect(validate(yamlSchemaOf({ entityType: 'Pipelines' }), { pipeline })).toBe(true);
    expect(validate(yamlSchemaOf({ entityType: 'Pipelines' }), { pipeline: { ...pipeline, stagez: [] } })).toBe(false);
  });

  it('names every type there is', () => {
    const text = (entityType: 'Connectors' | 'Secrets') => JSON.stringify(yamlSchemaOf({ entityType }));
    for (const type of CONNECTOR_TYPES) expect(text('Connectors')).toContain(`"const":"${type}"`);
    for (const type of SECRET_TYPES) expect(text('Secrets')).toContain(`"const":"${type}"`);
  });

  describe('has sections by name, as clients look into it', () => {
    const sections = (entityType: (typeof YAML_ENTITY_TYPES)[number], root: string) =>
      (yamlSchemaOf({ entityType })['definitions'] as Record<string, Record<string, Section>>)[root];

    it.each([
      ['Connectors', 'connector', CONNECTOR_TYPES],
      ['Secrets', 'secret', SECRET_TYPES],
    ] as const)('of %s: what all types have in common, and each type', (entityType, root, types) => {
      const found = sections(entityType, root);
      expect(Object.keys(found ?? {}).toSorted()).toEqual([root, ...types].toSorted());
      expect(found?.[root]).toMatchObject({
        type: 'object',
        properties: {
          identifier: expect.any(Object),
          name: expect.any(Object),
          type: { enum: expect.arrayContaining([...types]) },
          spec: { type: 'object' },
        },
        required: expect.arrayContaining(['identifier', 'name', 'type', 'spec']),
      });
      for (const type of types)
        expect(found?.[type]).toMatchObject({ properties: { type: { const: type }, spec: expect.any(Object) } });
    });

    it.each([
      ['Organizations', 'organization'],
      ['Projects', 'project'],
      ['Pipelines', 'pipeline'],
    ] as const)('of %s: the entity alone', (entityType, root) => {
      expect(Object.keys(sections(entityType, root) ?? {})).toEqual([root]);
      expect(sections(entityType, root)?.[root]).toMatchObject({
        properties: { identifier: expect.any(Object), name: expect.any(Object) },
      });
    });

    it('narrows them too, and every reference in them leads somewhere', () => {
      const schema = yamlSchemaOf({ entityType: 'Connectors', scope: 'account', identifier: 'c' });
      expect(schema).toMatchObject({
        title: 'connector',
        definitions: {
          connector: {
            connector: { properties: { identifier: { const: 'c' } } },
            JDBC: { properties: { identifier: { const: 'c' } } },
          },
        },
      });
      for (const [, pointer = ''] of JSON.stringify(schema).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
        expect([
          pointer,
          pointer.split('/').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], schema),
        ]).toEqual([pointer, expect.any(Object)]);
      }
    });
  });

  it('is narrowed to identifier and scope', () => {
    const inProject = yamlSchemaOf({
      entityType: 'Secrets',
      scope: 'project',
      identifier: 's',
      orgIdentifier: 'o',
      projectIdentifier: 'p',
    });
    expect(validate(inProject, { secret: { ...secret, orgIdentifier: 'o', projectIdentifier: 'p' } })).toBe(true);
    expect(validate(inProject, { secret: { ...secret, identifier: 'other' } })).toBe(false);
    expect(validate(inProject, { secret: { ...secret, projectIdentifier: 'other' } })).toBe(false);
    const ofAccount = JSON.stringify(yamlSchemaOf({ entityType: 'Connectors', scope: 'account' }));
    expect(ofAccount).not.toContain('orgIdentifier');
    expect(JSON.stringify(yamlSchemaOf({ entityType: 'Connectors', scope: 'org' }))).not.toContain('projectIdentifier');
  });

  it('of something else is refused, naming what there is', () => {
    const parsed = getYamlSchema.query?.safeParse({ accountIdentifier: 'A', entityType: 'Hats' });
    expect(parsed?.error?.issues[0]?.message).toBe(
      'must be one of Organizations, Projects, Connectors, Secrets, Pipelines',
    );
  });
});
