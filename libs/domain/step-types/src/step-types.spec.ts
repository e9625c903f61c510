import { describe, expect, it } from '@jest/globals';
import { stepWork, type StepResult } from '@sluice/delegate-protocol';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import { STEP_TYPES, StepTypeRegistry } from './registry.js';
import type { StepType } from './step-type.js';

const registry = new StepTypeRegistry();
const typeOf = (name: string): StepType => {
  const type = registry.find(name);
  if (!type) throw new Error(name);
  return type;
};
const inputs = (over: Partial<DbStepInputs['schema']> = {}): DbStepInputs => ({
  schema: {
    identifier: 'orders',
    name: 'Orders',
    migrationType: 'Liquibase',
    changelogPath: 'db/changelog.xml',
    ...over,
  },
  instance: {
    identifier: 'prod',
    name: 'Prod',
    context: 'prod and !test',
    substituteProperties: { owner: 'app' },
    tags: {},
  },
  source: { name: 'repo', url: 'https://git.example/r.git', branch: 'main' },
  target: { url: 'jdbc:postgresql://h:1/d', username: 'u', passwordSlot: 'password' },
  secrets: [{ name: 'password', expression: '<+secrets.getValue("pw")>' }],
  delegateSelectors: [],
});
const base = { dbSchema: 'orders', dbInstance: 'prod', connectorRef: 'account.harnessImage' };

describe('the registry', () => {
  it('knows its types by name', () => {
    expect(registry.names).toEqual(['DBSchemaApply', 'DBSchemaRollback']);
    expect(registry.find('Nope')).toBeUndefined();
    expect(registry.specOf('Nope')).toBeUndefined();
    expect([registry.needsStepGroup('DBSchemaApply'), registry.needsStepGroup('Nope')]).toEqual([true, false]);
  });

  it('refuses two types of one name', () =>
    expect(() => new StepTypeRegistry([...STEP_TYPES, ...STEP_TYPES])).toThrow(/same name/));

  it.each(STEP_TYPES.map((type) => [type.type, type] as const))(
    '%s: shown as a wrapper with a queue, a checkout and a command, work in the protocol’s form',
    (_name, type) => {
      expect(type.shownAs.stepType).toBe('DBOPS_WRAPPER');
      expect(type.shownAs.parts.map((part) => part.role)).toEqual(['resource', 'clone', 'command']);
      const spec = type.spec.parse(type.type === 'DBSchemaRollback' ? { ...base, tag: 't' } : base);
      expect(() => stepWork.parse(type.toWork(spec, inputs(), 'source1'))).not.toThrow();
      expect(type.target(spec)).toEqual({ dbSchema: 'orders', dbInstance: 'prod' });
    },
  );

  it.each(STEP_TYPES.map((type) => [type.type, type] as const))('%s cannot run a Flyway schema', (_name, type) => {
    expect(() => type.toWork({ ...base, tag: 't' }, inputs({ migrationType: 'Flyway' }), 's')).toThrow(
      /its migration type is Flyway, and only Liquibase schemas are supported/,
    );
  });
});

describe('DBSchemaApply', () => {
  const type = typeOf('DBSchemaApply');
  it('becomes liquibase.update with context, parameters and tag of the instance and the step', () => {
    expect(type.toWork(type.spec.parse({ ...base, tag: 'v1' }), inputs(), 'source1')).toEqual({
      kind: 'liquibase.update',
      tag: 'v1',
      target: inputs().target,
      changelog: { source: 'source1', path: 'db/changelog.xml' },
      contexts: 'prod and !test',
      labels: '',
      substituteProperties: { owner: 'app' },
    });
  });
  it('hands on where the paths of the changelog begin', () => {
    const roots = { searchPath: ['src/main/resources'], filePrefix: 'classpath:' };
    expect(type.toWork(type.spec.parse(base), inputs(roots), 's')).toMatchObject({
      changelog: { source: 's', path: 'db/changelog.xml', ...roots },
    });
  });
  it.each(['label-filter', 'labels', 'labelFilter', '--label-filter', 'liquibase.labelFilter'])(
    'hands labels on from the setting %s, and settings by their own names',
    (name) => {
      const globalSettings = {
        [name]: 'a or b',
        'missing-property-mode': 'ERROR',
        '--strict': 'true',
        'liquibase.fileEncoding': 'UTF-8',
      };
      const work = type.toWork(type.spec.parse({ ...base, globalSettings }), inputs(), 's');
      expect(work).toMatchObject({
        labels: 'a or b',
        settings: { missingPropertyMode: 'ERROR', strict: 'true', fileEncoding: 'UTF-8' },
      });
      expect(stepWork.parse(work)).toMatchObject({ labels: 'a or b' });
    },
  );
  it.each(['secure-parsing', 'log-file', 'liquibase-schema-name', 'contexts', 'url', '__proto__x', 'toString'])(
    'refuses the setting %s by name',
    (name) => {
      const parsed = type.spec.safeParse({ ...base, globalSettings: { [name]: 'x' } });
      expect(parsed.error?.issues[0]).toMatchObject({
        path: ['globalSettings', name],
        message: expect.stringMatching(
          `^"${name}" is not passed on to Liquibase; these settings are: label-filter, allow-duplicated`,
        ),
      });
    },
  );
  it('leaves the tag out when there is none', () =>
    expect(type.toWork(type.spec.parse(base), inputs(), 's')).not.toHaveProperty('tag'));
  it.each([
    ['no schema', { dbInstance: 'x' }, 'dbSchema'],
    ['no instance', { dbSchema: 'x' }, 'dbInstance'],
    ['a bad identifier', { ...base, dbSchema: 'or-ders' }, 'dbSchema'],
    ['an empty tag', { ...base, tag: '' }, 'tag'],
    ['a number as tag', { ...base, tag: 1.1 }, 'tag'],
    ['settings, which it has not', { ...base, settings: {} }, ''],
    ['an unknown pull policy', { ...base, imagePullPolicy: 'Sometimes' }, 'imagePullPolicy'],
  ])('refuses %s', (_what, spec, path) => {
    const parsed = type.spec.safeParse(spec);
    expect(parsed.success ? 'taken' : parsed.error.issues[0]?.path.join('.')).toBe(path);
  });
  it.each([
    ['a $ in identifiers', { ...base, dbInstance: 'a$b' }],
    [
      'container settings',
      { ...base, image: 'i', privileged: true, runAsUser: 0, resources: { limits: {} }, envVariables: { A: 'b' } },
    ],
    ['flags of later releases', { ...base, markNextChangeSetRun: true, tagDatabaseChangeSet: false }],
  ])('takes %s', (_what, spec) => expect(type.spec.safeParse(spec).success).toBe(true));
});

describe('DBSchemaRollback', () => {
  const type = typeOf('DBSchemaRollback');
  it.each([[{ tag: 'v1' }], [{ changeSetCount: 2 }]])('becomes liquibase.rollback with %j', (how) =>
    expect(type.toWork(type.spec.parse({ ...base, ...how }), inputs(), 's')).toMatchObject({
      kind: 'liquibase.rollback',
      ...how,
    }),
  );
  it('takes settings of the command and of the tool; those of the command win', () => {
    const spec = type.spec.parse({
      ...base,
      tag: 'v1',
      globalSettings: { labels: 'tool', strict: 'true' },
      settings: { labels: 'command' },
    });
    expect(type.toWork(spec, inputs(), 's')).toMatchObject({ labels: 'command', settings: { strict: 'true' } });
  });
  it.each([
    ['neither tag nor count', {}],
    ['both', { tag: 'v', changeSetCount: 1 }],
    ['a count of zero', { changeSetCount: 0 }],
    ['half a changeset', { changeSetCount: 1.5 }],
    ['an empty tag', { tag: '' }],
  ])('refuses %s', (_what, how) => expect(type.spec.safeParse({ ...base, ...how }).success).toBe(false));
});

it('publishes outputs of the container and the changesets that ran, in both spellings', () => {
  const at = 1;
  const result: StepResult = {
    status: 'succeeded',
    history: null,
    pending: null,
    outputs: { preStartTag: 't' },
    startedAt: at,
    endedAt: at,
    changesets: (['applied', 'skipped', 'failed', 'rolledBack'] as const).map((status, index) => ({
      id: String(index),
      author: 'a',
      file: 'f',
      status,
      at,
    })),
  };
  const outputs = typeOf('DBSchemaApply').toOutputs(result);
  expect(outputs['preStartTag']).toBe('t');
  expect(outputs['ChangeSets']).toBe(outputs['changeSets']);
  expect((JSON.parse(String(outputs['ChangeSets'])) as { id: string }[]).map(({ id }) => id)).toEqual(['0', '3']);
});
