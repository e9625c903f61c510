import { describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type Scope } from '@sluice/kernel';
import { dbStepInputs } from '@sluice/ng-manager-api';
import { joinStepInputs, type SchemaAndInstance } from './db-step-inputs.js';

const project = projectScope('A', 'o', 'p');
const org: Scope = { level: 'org', accountId: 'A', orgId: 'o' };
const pair = (ref: object = { branch: 'main' }): SchemaAndInstance => ({
  dbSchema: { identifier: 's', name: 'S', migrationType: 'Liquibase', location: 'db/changelog.xml' },
  dbInstance: { identifier: 'i', name: 'I', context: 'prod', substituteProperties: { a: 'b' }, tags: {}, ...ref },
});
const git = { url: 'https://g/r.git', username: 'u', passwordRef: 'git_pw', delegateSelectors: ['eu', 'git'] };
const jdbc = { url: 'jdbc:postgresql://h/d', username: 'app', passwordRef: 'db_pw', delegateSelectors: ['eu'] };

describe('inputs of a DB step', () => {
  it('carry references that mean the same seen from the project', () => {
    const inputs = joinStepInputs(pair(), { access: git, scope: accountScope('A') }, { access: jdbc, scope: org });
    expect(dbStepInputs.parse(inputs)).toEqual(inputs);
    expect(inputs.source).toMatchObject({
      url: 'https://g/r.git',
      branch: 'main',
      username: 'u',
      passwordExpression: '<+secrets.getValue("account.git_pw")>',
    });
    expect(inputs.secrets).toEqual([{ name: 'db-password', expression: '<+secrets.getValue("org.db_pw")>' }]);
    expect(inputs.target).toEqual({ url: 'jdbc:postgresql://h/d', username: 'app', passwordSlot: 'db-password' });
    expect(inputs.delegateSelectors).toEqual(['eu', 'git']);
  });

  it('name the same source for the same repository and ref, and another for another', () => {
    const name = (ref: object, scope: Scope = project): string =>
      joinStepInputs(pair(ref), { access: git, scope }, { access: jdbc, scope: project }).source.name;
    expect(name({ branch: 'main' })).toBe(name({ branch: 'main' }));
    expect(
      new Set([
        name({ branch: 'main' }),
        name({ gitTag: 'main' }),
        name({ commitSha: 'abc' }),
        name({ branch: 'main' }, org),
      ]).size,
    ).toBe(4);
  });

  it('need no credentials where the connector has none', () => {
    const inputs = joinStepInputs(
      pair(),
      { access: { url: 'https://g/r.git', delegateSelectors: [] }, scope: project },
      { access: { url: 'jdbc:postgresql://h/d', delegateSelectors: [] }, scope: project },
    );
    expect([inputs.secrets, inputs.target, inputs.source.passwordExpression]).toEqual([
      [],
      { url: 'jdbc:postgresql://h/d' },
      undefined,
    ]);
  });

  it('carry a user name kept in a secret, and the key of a repository over SSH', () => {
    const ssh = { url: 'git@g:t/r.git', sshKeyRef: 'k', delegateSelectors: [] };
    const inputs = joinStepInputs(
      pair(),
      { access: ssh, scope: org, sshKey: { keyRef: 'org.key_file', passphraseRef: 'account.phrase', username: 'git' } },
      {
        access: { url: 'jdbc:postgresql://h/d', usernameRef: 'user', passwordRef: 'account.pw', delegateSelectors: [] },
        scope: org,
      },
    );
    expect(dbStepInputs.parse(inputs)).toEqual(inputs);
    expect(inputs.target).toEqual({
      url: 'jdbc:postgresql://h/d',
      usernameSlot: 'db-username',
      passwordSlot: 'db-password',
    });
    expect(inputs.secrets).toEqual([
      { name: 'db-username', expression: '<+secrets.getValue("org.user")>' },
      { name: 'db-password', expression: '<+secrets.getValue("account.pw")>' },
    ]);
    expect(inputs.source).toMatchObject({
      url: 'git@g:t/r.git',
      username: 'git',
      sshKeyExpression: '<+secrets.getValue("org.key_file")>',
      sshPassphraseExpression: '<+secrets.getValue("account.phrase")>',
    });
  });

  it('carry where the paths of the changelog begin', () => {
    const roots = { searchPath: ['src/main/resources'], filePrefix: 'classpath:' };
    const { dbSchema, dbInstance } = pair();
    const { schema } = joinStepInputs(
      { dbSchema: { ...dbSchema, ...roots }, dbInstance },
      { access: git, scope: project },
      { access: jdbc, scope: project },
    );
    expect(schema).toEqual({
      identifier: 's',
      name: 'S',
      migrationType: 'Liquibase',
      changelogPath: 'db/changelog.xml',
      ...roots,
    });
  });

  it('cannot be made for a Flyway schema: it is refused before anything is fetched', () => {
    const { dbSchema, dbInstance } = pair();
    expect(() =>
      joinStepInputs(
        { dbSchema: { ...dbSchema, migrationType: 'Flyway' }, dbInstance },
        { access: git, scope: project },
        { access: jdbc, scope: project },
      ),
    ).toThrow(
      'DB schema "s" has the migration type Flyway, which is not run yet; make a DB schema with migrationType Liquibase',
    );
  });

  it.each([
    ['mongodb://h:27017/d', 'MongoDB'],
    ['jdbc:sqlserver://h:1433;databaseName=d', 'SQL Server'],
  ])('cannot be made for %s, which is kept but has no driver here', (url, product) => {
    expect(() =>
      joinStepInputs(pair(), { access: git, scope: project }, { access: { ...jdbc, url }, scope: project }),
    ).toThrow(`DB instance "i" is on ${product}, where no step can run; steps run on PostgreSQL, MariaDB and MySQL`);
  });

  it('cannot be made for an instance without a ref', () => {
    expect(() => joinStepInputs(pair({}), { access: git, scope: project }, { access: jdbc, scope: project })).toThrow(
      /names no branch, commitSha or gitTag/,
    );
  });
});
