import { describe, expect, it } from '@jest/globals';
import { dbInstanceIn, dbInstanceUpdate, dbSchemaIn } from '@sluice/dbdevops-api';
import { projectScope } from '@sluice/kernel';
import { newDbSchema, type DbSchema } from '../db-schema/db-schema.js';
import { dbInstanceOut, newDbInstance, updatedDbInstance, type DbInstance } from './db-instance.js';

const scope = projectScope('acc', 'default', 'shop');
const schemaWith = (input: object): DbSchema =>
  newDbSchema(
    dbSchemaIn.parse({
      identifier: 'orders',
      name: 'Orders',
      changelog: { connector: 'git', location: 'x' },
      ...input,
    }),
    scope,
    'schema-1',
    1_000,
  );
const schema = schemaWith({});
const created = (input: object, of = schema): DbInstance =>
  newDbInstance(
    dbInstanceIn.parse({ identifier: 'dev', name: 'Dev', connector: 'account.db', branch: 'main', ...input }),
    of,
    'id-1',
    2_500,
  );
const updated = (instance: DbInstance, update: object): DbInstance =>
  updatedDbInstance(instance, dbInstanceUpdate.parse(update), schema, 9_000);

describe('a DB instance', () => {
  it('is shown with every field that was sent; it is to be onboarded and has no tags yet', () => {
    const sent = {
      identifier: 'dev',
      name: 'Dev',
      connector: 'account.db',
      branch: 'main',
      context: 'prod',
      tags: { env: 'p' },
      substituteProperties: { owner: 'app' },
    };
    expect(dbInstanceOut(created(sent), schema)).toEqual({
      ...sent,
      created: 2,
      updated: 2,
      toOnboard: true,
      lastDeployedChangeSetTag: '',
      schemaId: 'schema-1',
      schemaIdentifier: 'orders',
    });
  });

  it.each([
    { branch: 'a', gitTag: 'v1' },
    { branch: 'a', commitSha: 'abc' },
    { commitSha: 'abc', gitTag: 'v1', branch: undefined },
  ])('has one Git reference, not %j', (refs) => {
    expect(() => created(refs)).toThrow(/mutually exclusive/);
    expect(() => dbInstanceUpdate.parse(refs)).toThrow(/mutually exclusive/);
  });

  it('needs a Git reference when the changelog lies in Git, and only then', () => {
    expect(() => created({ branch: '' })).toThrow('Branch, commitSha, or gitTag is mandatory for source type [Git]');
    const script = schemaWith({
      type: 'Script',
      changelog: undefined,
      changeLogScript: { image: 'i', command: 'c', shell: 'Sh', location: 'x' },
    });
    expect(created({ branch: undefined }, script)).toMatchObject({ branch: null, commitSha: null, gitTag: null });
  });

  it('takes expressions as commit and tag', () => {
    expect(created({ branch: undefined, commitSha: '<+trigger.commitSha>' }).commitSha).toBe('<+trigger.commitSha>');
  });

  it.each(['abc', 'HEAD', '0123456', 'f'.repeat(39), 'f'.repeat(41), `${'f'.repeat(40)} `])(
    'takes no "%s" for a commit: only a whole commit id names one for ever',
    (commitSha) => {
      const text = /is no commit id; write the whole commit id, 40 hexadecimal digits/;
      expect(() => created({ branch: undefined, commitSha })).toThrow(text);
      expect(() => dbInstanceUpdate.parse({ commitSha })).toThrow(text);
    },
  );

  it.each(['0'.repeat(40), 'AbCdEf0123'.repeat(4), 'a'.repeat(64), ''])('takes "%s" as a commit', (commitSha) => {
    expect(dbInstanceUpdate.parse({ commitSha })).toEqual({ commitSha });
  });

  it('keeps what an update does not name', () => {
    const instance = created({ context: 'prod', substituteProperties: { a: 'b' } });
    expect(updated(instance, { name: 'New' })).toEqual({ ...instance, name: 'New', updatedAt: 9_000 });
  });

  it('switches from one Git reference to another by naming it', () => {
    expect(updated(created({}), { gitTag: 'v2' })).toMatchObject({ branch: null, gitTag: 'v2', commitSha: null });
  });

  it('keeps its Git reference when an empty text names another, and refuses to lose the only one', () => {
    expect(updated(created({}), { gitTag: '' }).branch).toBe('main');
    expect(() => updated(created({}), { branch: '' })).toThrow(/mandatory/);
  });

  it('becomes what a whole body says: what typed clients leave out of it is empty, so that a removed argument does not come back', () => {
    const instance = created({ tags: { a: 'b' }, context: 'prod', substituteProperties: { a: 'b' } });
    const whole = { identifier: 'dev', name: 'Dev', connector: 'account.db' };
    expect(updated(instance, { ...whole, gitTag: 'v2' })).toEqual({
      ...instance,
      tags: {},
      context: '',
      substituteProperties: {},
      branch: null,
      gitTag: 'v2',
      updatedAt: 9_000,
    });
    expect(() => updated(instance, whole)).toThrow(/Branch, commitSha, or gitTag is mandatory/);
    expect(updated(instance, { ...whole, name: undefined, branch: 'next' })).toMatchObject({
      tags: { a: 'b' },
      context: 'prod',
      branch: 'next',
    });
  });

  it('takes a whole create body, and a version nobody shows, as an update', () => {
    const instance = created({});
    expect(
      updated(instance, { identifier: 'other', name: 'Dev', connector: 'account.db', branch: 'main', version: '7' }),
    ).toEqual({ ...instance, updatedAt: 9_000 });
  });
});
