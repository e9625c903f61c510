import { describe, expect, it } from '@jest/globals';
import { dbSchemaIn, dbSchemaUpdate } from '@sluice/dbdevops-api';
import { projectScope } from '@sluice/kernel';
import { dbSchemaOut, newDbSchema, parentIdOf, sourceTypeOf, updatedDbSchema, type DbSchema } from './db-schema.js';

const scope = projectScope('acc', 'default', 'shop');
const git = { connector: 'org.git', location: 'db/changelog.xml' };
const created = (input: object): DbSchema =>
  newDbSchema(
    dbSchemaIn.parse({ identifier: 'orders', name: 'Orders', changelog: git, ...input }),
    scope,
    'id-1',
    1_999,
  );
const updated = (schema: DbSchema, update: object): DbSchema =>
  updatedDbSchema(schema, dbSchemaUpdate.parse(update), 5_000);

describe('a DB schema', () => {
  it('is of type Repository and migration type Liquibase unless it says otherwise', () => {
    expect(created({})).toMatchObject({
      type: 'Repository',
      migrationType: 'Liquibase',
      usePercona: false,
      createdAt: 1_999,
      updatedAt: 1_999,
    });
  });

  it('is shown with every field that was sent, in the same spelling, and times in seconds', () => {
    const sent = {
      name: 'Orders',
      tags: { team: 'a' },
      service: 'orders_service',
      usePercona: true,
      changelog: { ...git, repo: 'shop', archivePath: 'a.zip', toml: 'flyway.toml' },
    };
    expect(dbSchemaOut(created(sent), 3)).toEqual({
      ...sent,
      identifier: 'orders',
      type: 'Repository',
      migrationType: 'Liquibase',
      created: 1,
      updated: 1,
      instanceCount: 3,
      schemaSourceType: 'Artifactory',
      parentId: parentIdOf(scope),
    });
  });

  it.each([
    [{ type: 'Repository', changelog: git }, 'Git'],
    [{ type: 'Repository', changelog: { connector: '', repo: 'r', location: 'x' } }, 'HarnessCode'],
    [{ type: 'Repository', changelog: { ...git, archivePath: 'a.zip' } }, 'Artifactory'],
    [{ type: 'Script', changeLogScript: { image: 'i', command: 'c', shell: 'Sh', location: 'x' } }, 'Custom'],
  ])('tells from %j that its source is %s', (input, expected) => {
    expect(sourceTypeOf(created({ changelog: undefined, ...input }))).toBe(expected);
  });

  it.each([
    [{ changelog: undefined }, /changelog.*is required when type is Repository/s],
    [{ changelog: { location: 'x' } }, /give a connector, or a repo/],
    [{ changelog: { ...git, branch: 'main' } }, /Unrecognized key/],
    [{ type: 'Script' }, /changeLogScript.*is required when type is Script/s],
    [{ migrationType: 'Flyway', usePercona: true }, /works with Liquibase only/],
    [{ identifier: 'overview' }, /is reserved; choose another/],
    [{ identifier: 'orders-schema' }, /letters, digits, underscores/],
    [{ name: undefined }, /name/],
  ])('is refused when created with %j', (input, message) => {
    expect(() => created(input)).toThrow(message);
  });

  it.each(['Sh', 'Bash', 'sh', 'bash', 'sh/bash', '<+input>', '<+input>.allowedValues(Sh, Bash)'])(
    'runs its script in %s',
    (shell) => {
      const changeLogScript = { image: 'i', command: 'c', shell, location: 'x' };
      expect(
        dbSchemaOut(created({ type: 'Script', changelog: undefined, changeLogScript }), 0).changeLogScript,
      ).toEqual(changeLogScript);
    },
  );

  it.each(['Zsh', 'bash/sh', 'Sh ', ''])('is refused a script in "%s"', (shell) => {
    const changeLogScript = { image: 'i', command: 'c', shell, location: 'x' };
    expect(() => created({ type: 'Script', changelog: undefined, changeLogScript })).toThrow(
      /changeLogScript[\s\S]*shell[\s\S]*must be Sh, Bash or an expression/,
    );
    expect(() => updated(created({}), { type: 'Script', changeLogScript })).toThrow(
      /must be Sh, Bash or an expression/,
    );
  });

  it('says where the paths of its changelog begin; clients that do not know this leave it as it is, and empty values clear it', () => {
    const roots = { searchPath: ['src/main/resources', 'shared'], filePrefix: 'classpath:' };
    const schema = created({ changelog: { ...git, ...roots } });
    expect(dbSchemaOut(schema, 0).changelog).toEqual({ ...git, ...roots });
    expect(updated(schema, { identifier: 'orders', name: 'Orders', changelog: git }).changelog).toEqual({
      ...git,
      ...roots,
    });
    expect(updated(schema, { changelog: { searchPath: ['x'] } }).changelog).toEqual({
      ...git,
      ...roots,
      searchPath: ['x'],
    });
    expect(updated(schema, { changelog: { searchPath: [], filePrefix: '' } }).changelog).toEqual(git);
  });

  it.each(['', '/etc', '\\x', '..', 'a/../../b', 'a\\..', 'C:/x', 'file:x', 'classpath:x'])(
    'is refused "%s" in its search path',
    (folder) => {
      expect(() => created({ changelog: { ...git, searchPath: [folder] } })).toThrow(/searchPath/);
    },
  );

  it('keeps what an update does not name', () => {
    const schema = created({ tags: { a: 'b' }, service: 's' });
    expect(updated(schema, { name: 'New' })).toEqual({ ...schema, name: 'New', updatedAt: 5_000 });
  });

  it('takes a whole create body as an update and ignores identifier and migration type', () => {
    const schema = created({});
    expect(
      updated(schema, {
        identifier: 'other',
        name: 'Orders',
        type: 'Repository',
        migrationType: 'Flyway',
        changelog: git,
        usePercona: false,
      }),
    ).toEqual({ ...schema, updatedAt: 5_000 });
  });

  it('becomes what a whole body says: what typed clients leave out of it is empty, so that a removed argument does not come back', () => {
    const schema = {
      ...created({
        tags: { a: 'b' },
        service: 's',
        usePercona: true,
        changelog: { ...git, repo: 'shop', archivePath: 'a.zip' },
      }),
      primaryInstance: 'dev',
    };
    expect(updated(schema, { identifier: 'orders', name: 'Orders', changelog: git })).toEqual({
      ...schema,
      tags: {},
      service: null,
      usePercona: false,
      changelog: git,
      updatedAt: 5_000,
    });
    const changeLogScript = { image: 'i', command: 'c', shell: 'Sh', location: 'x' };
    expect(updated(schema, { identifier: 'orders', name: 'Orders', type: 'Script', changeLogScript })).toMatchObject({
      tags: {},
      service: null,
      changelog: null,
      changeLogScript,
    });
  });

  it.each([
    { name: 'New', changelog: git },
    { identifier: 'orders', changelog: git },
    { identifier: 'orders', name: 'New' },
    { identifier: 'orders', name: 'New', changelog: { location: 'new.xml' } },
  ])('keeps what %j leaves out, as that is not the whole schema', (update) => {
    const schema = created({ tags: { a: 'b' }, service: 's', changelog: { ...git, repo: 'shop' } });
    expect(updated(schema, update)).toMatchObject({
      tags: { a: 'b' },
      service: 's',
      changelog: { connector: 'org.git', repo: 'shop' },
    });
  });

  it('keeps the connector when an update of the changelog leaves it out, and drops it for an empty one', () => {
    const schema = created({});
    expect(updated(schema, { changelog: { location: 'new.xml' } }).changelog).toEqual({ ...git, location: 'new.xml' });
    expect(updated(schema, { changelog: { connector: '', repo: 'own' } }).changelog).toEqual({
      repo: 'own',
      location: 'db/changelog.xml',
    });
  });

  it('shows one kind of source after it changed from a repository to a script', () => {
    const changeLogScript = { image: 'i', command: 'c', shell: 'Sh', location: 'x' };
    expect(updated(created({}), { type: 'Script', changeLogScript })).toMatchObject({
      type: 'Script',
      changelog: null,
      changeLogScript,
    });
    expect(
      updated(created({ type: 'Script', changelog: undefined, changeLogScript }), {
        type: 'Repository',
        changelog: git,
      }),
    ).toMatchObject({ type: 'Repository', changelog: git, changeLogScript: null });
  });

  it.each([
    [{ changelog: { connector: '' } }, /changelog.connector/],
    [{ changelog: { location: '' } }, /changelog.location/],
    [{ type: 'Script' }, /changeLogScript/],
  ])('refuses an update by %j that leaves it unusable', (update, message) => {
    expect(() => updated(created({}), update)).toThrow(message);
  });

  it('clears service and primary instance by an empty text', () => {
    const schema = { ...created({ service: 's' }), primaryInstance: 'dev' };
    expect(updated(schema, { service: '', primaryDbInstanceId: '' })).toMatchObject({
      service: null,
      primaryInstance: null,
    });
  });

  it('never lets time run backwards', () => {
    expect(updatedDbSchema({ ...created({}), updatedAt: 9_000 }, {}, 5_000).updatedAt).toBe(9_000);
  });

  it('has a parent id of 22 characters that is the project’s own', () => {
    expect(parentIdOf(scope)).toMatch(/^[0-9A-Za-z]{22}$/);
    expect(parentIdOf(scope)).toBe(parentIdOf(projectScope('acc', 'default', 'shop')));
    expect(parentIdOf(scope)).not.toBe(parentIdOf(projectScope('acc', 'default', 'other')));
  });
});
