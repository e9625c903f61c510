import { describe, expect, it } from '@jest/globals';
import { FAILURE_ACTIONS, YAML_FIELDS, type CapabilityPlace } from '@sluice/pipeline-engine';
import { z } from 'zod';
import { CAPABILITIES } from './capabilities.js';
import { STEP_TYPES } from './registry.js';

const at = (place: CapabilityPlace): typeof CAPABILITIES => CAPABILITIES.filter((row) => JSON.stringify(row.place) === JSON.stringify(place));
const firstKeys = (place: CapabilityPlace): string[] => [...new Set(at(place).map(({ field }) => field.split('.')[0] ?? ''))].sort();

describe('the table of what becomes of each field', () => {
  it.each(Object.entries(YAML_FIELDS) as [keyof typeof YAML_FIELDS, readonly string[]][])('has every field of a %s that the schema takes, and no other', (place, fields) => {
    expect(firstKeys(place)).toEqual([...fields].sort());
  });

  it.each(STEP_TYPES.map(({ type, spec }) => [type, spec] as const))('has every field of %s, and no other', (stepType, spec) => {
    if (!(spec instanceof z.ZodObject)) throw new Error(`the spec of ${stepType} is no object`);
    expect(firstKeys({ stepType })).toEqual(Object.keys(spec.shape as object).sort());
  });

  it('says of each failure action exactly once what becomes of it', () => {
    expect(at('failureStrategy').flatMap(({ values = [] }) => values).sort()).toEqual([...FAILURE_ACTIONS].sort());
  });

  it('says what to write instead of what is refused', () => {
    for (const { support, text } of CAPABILITIES) if (support === 'refused') expect(text).toMatch(/^(remove it|write)/);
  });

  it.each(['markNextChangeSetRun', 'tagDatabaseChangeSet', 'envVariables', 'flowControl', 'notificationRules', 'enforce'])('refuses %s wherever it may stand', (field) => {
    const found = CAPABILITIES.filter((row) => row.field === field);
    expect([found.length > 0, found.every(({ support }) => support === 'refused')]).toEqual([true, true]);
  });

  it.each(['image', 'imagePullPolicy', 'privileged', 'runAsUser', 'resources', 'reuse', 'stepGroupInfra', 'sharedPaths'])('takes %s, which only shapes a container, and says that it has no effect', (field) => {
    const found = CAPABILITIES.filter((row) => row.field === field);
    expect([found.length > 0, found.every(({ support, text }) => support === 'warned' && text.includes('not applied by the process runtime'))]).toEqual([true, true]);
  });
});
