import { describe, expect, it } from '@jest/globals';
import {
  FAILURE_ACTIONS,
  parsePipeline,
  requireSupported,
  YAML_FIELDS,
  type CapabilityPlace,
} from '@sluice/pipeline-engine';
import { z } from 'zod';
import { CAPABILITIES } from './capabilities.js';
import { STEP_TYPES } from './registry.js';

const at = (place: CapabilityPlace): typeof CAPABILITIES =>
  CAPABILITIES.filter((row) => JSON.stringify(row.place) === JSON.stringify(place));
const firstKeys = (place: CapabilityPlace): string[] =>
  [...new Set(at(place).map(({ field }) => field.split('.')[0] ?? ''))].sort();

/** Maps whose keys people choose. */
const FREE = ['.tags'];
const strategies = [{ onFailure: { errors: ['AllErrors'], action: { type: 'Abort', spec: {} } } }];
const variables = [{ name: 'v', type: 'String', value: 'x' }];
const when = { stageStatus: 'Success', condition: 'true' };
const step = (type: string, spec: object): object => ({
  step: {
    identifier: type,
    name: type,
    type,
    timeout: '1m',
    when,
    failureStrategies: strategies,
    spec: { dbSchema: 's', dbInstance: 'i', globalSettings: { strict: 'true' }, ...spec },
  },
});
const group = (identifier: string, ...steps: object[]): object => ({
  stepGroup: {
    identifier,
    name: identifier,
    when,
    failureStrategies: strategies,
    variables: [],
    stepGroupInfra: { type: 'KubernetesDirect', spec: {} },
    steps: [{ parallel: steps }],
  },
});
const PIPELINE = {
  identifier: 'p',
  name: 'p',
  tags: { any: 'thing' },
  variables,
  stages: [
    {
      parallel: [
        {
          stage: {
            identifier: 's',
            name: 's',
            type: 'Custom',
            tags: { any: 'thing' },
            variables,
            failureStrategies: strategies,
            when: { pipelineStatus: 'Success', condition: 'true' },
            spec: {
              execution: {
                steps: [group('g', step('DBSchemaApply', { tag: 't' }))],
                rollbackSteps: [group('r', step('DBSchemaRollback', { tag: 't', settings: { strict: 'true' } }))],
              },
            },
          },
        },
      ],
    },
  ],
};

/** The pipeline once for every map in it, each with a key more there. */
function everyMap(value: unknown, path: string): [path: string, changed: unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    everyMap(part, `${path}.${key}`).map(([where, changed]): [string, unknown] => [
      where,
      Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed },
    ]),
  );
  return Array.isArray(value) ? inside : [[path, { ...value, unheardOf: 'asked for' }], ...inside];
}

/** Taken as it is, and no warning beside those of the pipeline itself. */
function isSilent(pipeline: unknown): boolean {
  const catalogue = {
    names: STEP_TYPES.map(({ type }) => type),
    specOf: (type: string) => STEP_TYPES.find((one) => one.type === type)?.spec,
    needsStepGroup: () => true,
    capabilities: CAPABILITIES,
  };
  const warningsOf = (one: unknown): string =>
    JSON.stringify(
      requireSupported(parsePipeline(JSON.stringify({ pipeline: one }), catalogue), CAPABILITIES, true).map(
        ({ message }) => message.replace(/line \d+, /, ''),
      ),
    );
  try {
    return warningsOf(pipeline) === warningsOf(PIPELINE);
  } catch {
    return false;
  }
}

describe('the table of what becomes of each field', () => {
  it.each(Object.entries(YAML_FIELDS) as [keyof typeof YAML_FIELDS, readonly string[]][])(
    'has every field of a %s that the schema takes, and no other',
    (place, fields) => {
      expect(firstKeys(place)).toEqual([...fields].sort());
    },
  );

  it.each(STEP_TYPES.map(({ type, spec }) => [type, spec] as const))(
    'has every field of %s, and no other',
    (stepType, spec) => {
      if (!(spec instanceof z.ZodObject)) throw new Error(`the spec of ${stepType} is no object`);
      expect(firstKeys({ stepType })).toEqual(Object.keys(spec.shape as object).sort());
    },
  );

  it('says of each failure action exactly once what becomes of it', () => {
    expect(
      at('failureStrategy')
        .flatMap(({ values = [] }) => values)
        .sort(),
    ).toEqual([...FAILURE_ACTIONS].sort());
  });

  it('lets no key that it does not know pass without a word, at any level of a pipeline', () => {
    const silent = everyMap(PIPELINE, 'pipeline')
      .filter(([path]) => !FREE.some((end) => path.endsWith(end)))
      .filter(([, changed]) => isSilent(changed))
      .map(([path]) => path);
    expect(isSilent(PIPELINE)).toBe(true);
    expect(silent).toEqual([]);
  });

  it('says what to write instead of what is refused', () => {
    for (const { support, text } of CAPABILITIES) if (support === 'refused') expect(text).toMatch(/^(remove it|write)/);
  });

  it.each([
    'markNextChangeSetRun',
    'tagDatabaseChangeSet',
    'envVariables',
    'flowControl',
    'notificationRules',
    'enforce',
  ])('refuses %s wherever it may stand', (field) => {
    const found = CAPABILITIES.filter((row) => row.field === field);
    expect([found.length > 0, found.every(({ support }) => support === 'refused')]).toEqual([true, true]);
  });

  it.each([
    'image',
    'imagePullPolicy',
    'privileged',
    'runAsUser',
    'resources',
    'reuse',
    'stepGroupInfra',
    'sharedPaths',
  ])('takes %s, which only shapes a container, and says that it has no effect', (field) => {
    const found = CAPABILITIES.filter((row) => row.field === field);
    expect([
      found.length > 0,
      found.every(({ support, text }) => support === 'warned' && text.includes('not applied by the process runtime')),
    ]).toEqual([true, true]);
  });
});
