import { describe, expect, it } from '@jest/globals';
import { referencesIn } from './references.js';

const brief = (document: unknown): string[] => referencesIn(document).map(({ kind, ref }) => `${kind} ${ref}`);

describe('what a document refers to', () => {
  it('is every connector, schema and secret it names, each once, wherever it stands', () => {
    const step = (spec: object) => ({ step: { type: 'DBSchemaApply', spec } });
    const document = {
      pipeline: {
        variables: [{ name: 'TOKEN', type: 'Secret', value: 'account.token' }],
        stages: [
          {
            stage: {
              spec: {
                infrastructure: { spec: { connectorRef: 'org.cluster' } },
                execution: {
                  steps: [
                    step({ dbSchema: 'orders', connectorRef: 'account.registry' }),
                    { parallel: [step({ dbSchema: 'orders' }), step({ dbSchema: 'users' })] },
                  ],
                },
              },
            },
          },
        ],
        notes: 'use <+secrets.getValue("one")> or <+secrets.getValue(\'org.two\')>',
      },
    };
    expect(brief(document)).toEqual([
      'secret account.token',
      'connector org.cluster',
      'dbschema orders',
      'connector account.registry',
      'dbschema users',
      'secret one',
      'secret org.two',
    ]);
  });

  it('is not what is known at run time only', () => {
    expect(
      brief({
        connectorRef: '<+input>',
        dbSchema: '<+pipeline.variables.schema>',
        a: '<+secrets.getValue("<+pipeline.name>")>',
        v: { name: 'v', type: 'Secret', value: '<+input>' },
      }),
    ).toEqual([]);
  });

  it('finds a secret inside another expression', () => {
    expect(brief({ condition: '<+<+secrets.getValue("flag")>.contains("x")> == true' })).toEqual(['secret flag']);
  });

  it('is what stages are filed under, infrastructures with their environment, and every stored variable', () => {
    const environment = {
      environmentRef: 'org.prod',
      infrastructureDefinitions: [{ identifier: 'cluster' }, { identifier: '<+input>' }, { identifier: 'a b' }, 'x'],
    };
    const document = {
      pipeline: {
        stages: [
          {
            stage: {
              spec: { service: { serviceRef: 'account.shop' }, environment },
              when: { condition: '<+variable.org.flag> == "<+ variable.account.on >"' },
            },
          },
        ],
        notes: '<+variable.own>',
        other: { environmentRef: '<+input>', infrastructureDefinitions: [{ identifier: 'k' }] },
      },
    };
    expect(brief(document)).toEqual([
      'service account.shop',
      'environment org.prod',
      'infrastructure org.prod/cluster',
      'variable org.flag',
      'variable account.on',
      'variable own',
    ]);
    expect(
      referencesIn(document)
        .map(({ field }) => field)
        .slice(0, 3),
    ).toEqual(
      ['serviceRef', 'environmentRef', 'infrastructureDefinitions[0].identifier'].map(
        (key, at) => `pipeline.stages[0].stage.spec.${at === 0 ? 'service' : 'environment'}.${key}`,
      ),
    );
  });

  it('is nothing that cannot be an identifier, and no value of another type', () => {
    const tooLong = 'a'.repeat(129);
    expect(
      brief({
        connectorRef: tooLong,
        list: [{ connectorRef: 7 }, { dbSchema: ['orders'] }, { dbSchema: 'a b' }, { connectorRef: 'project.x' }],
        text: `<+secrets.getValue("${tooLong}")>`,
        v: { name: 'n', type: 'String', value: 'plain' },
      }),
    ).toEqual([]);
    for (const nothing of [undefined, null, 'text', 7, []]) expect(brief(nothing)).toEqual([]);
  });
});
