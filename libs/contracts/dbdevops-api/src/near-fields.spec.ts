import { describe, expect, it } from '@jest/globals';
import { createDbInstance, createDbSchema, updateDbInstance, updateDbSchema } from './index.js';

const schema = { identifier: 'app', name: 'App', changelog: { connector: 'git', location: 'db.xml' } };
const instance = { identifier: 'dev', name: 'Dev', connector: 'jdbc', branch: 'main' };
const BODIES = { createDbSchema, updateDbSchema, createDbInstance, updateDbInstance } as const;

describe('a misspelt field of a DB schema or instance is refused, never dropped', () => {
  it.each<[keyof typeof BODIES, object, string, string]>([
    ['createDbInstance', { ...instance, contexts: 'prod' }, 'contexts', 'context'],
    ['createDbInstance', { ...instance, contex: 'dev' }, 'contex', 'context'],
    ['createDbInstance', { ...instance, substituteProperty: { a: 'b' } }, 'substituteProperty', 'substituteProperties'],
    [
      'createDbInstance',
      { ...instance, substitute_properties: { a: 'b' } },
      'substitute_properties',
      'substituteProperties',
    ],
    ['createDbInstance', { ...instance, tag: { a: 'b' } }, 'tag', 'tags'],
    ['updateDbInstance', { Context: 'prod' }, 'Context', 'context'],
    ['updateDbInstance', { git_tag: 'v1' }, 'git_tag', 'gitTag'],
    ['createDbSchema', { ...schema, use_percona: true }, 'use_percona', 'usePercona'],
    [
      'createDbSchema',
      { ...schema, changelog: { ...schema.changelog, searchPaths: ['a'] } },
      'changelog.searchPaths',
      'searchPath',
    ],
    [
      'updateDbSchema',
      { changeLogScript: { image: 'i', command: 'c', shell: 'Sh', location: 'l', tomls: 't' } },
      'changeLogScript.tomls',
      'toml',
    ],
    ['updateDbSchema', { changeLogScripts: {} }, 'changeLogScripts', 'changeLogScript'],
  ])('%s %j', (route, body, field, meant) => {
    const [issue] = BODIES[route].body?.safeParse(body).error?.issues ?? [];
    expect([issue?.path.join('.'), issue?.message]).toEqual([
      field,
      expect.stringContaining(`write ${meant} if that is meant`),
    ]);
  });
});

describe('what known clients send beside the fields of a DB schema or instance is taken', () => {
  const schemaAnswer = {
    tags: {},
    created: 1,
    updated: 1,
    instanceCount: 0,
    schemaSourceType: 'Git',
    type: 'Repository',
    migrationType: 'Liquibase',
    usePercona: false,
    parentId: 'p',
    primaryDbInstanceId: 'dev',
    warnings: [],
  };
  const instanceAnswer = {
    tags: {},
    created: 1,
    updated: 1,
    context: '',
    lastAppliedTag: 'v',
    toOnboard: true,
    lastDeployedChangeSetTag: '',
    stateUnknownSince: 1,
    schemaId: 's',
    schemaIdentifier: 'app',
    version: '1',
    warnings: [],
  };
  const scope = { accountIdentifier: 'a', orgIdentifier: 'o', projectIdentifier: 'p', routingId: 'a' };

  it.each<[keyof typeof BODIES, object]>([
    ['createDbSchema', { ...schema, ...schemaAnswer, ...scope }],
    ['updateDbSchema', { ...schema, ...schemaAnswer, ...scope }],
    ['createDbInstance', { ...instance, ...instanceAnswer, ...scope, owner: 'me', description: 'd' }],
    ['updateDbInstance', { ...instance, ...instanceAnswer, ...scope }],
    ['updateDbSchema', {}],
  ])('%s', (route, body) => {
    expect(BODIES[route].body?.safeParse(body).success).toBe(true);
  });
});
