import { describe, expect, it } from '@jest/globals';
import {
  orgFromQueryOrBody,
  scopeFromPathOrQuery,
  scopeFromQueryOrBody,
  scopeOfAccount,
  scopeOfOrgIn,
  scopeOfProjectIn,
  type ScopeFrom,
} from './request-scope.js';

const request = (params: unknown, query: unknown, body?: unknown) => ({ params, query, body });
const inQuery = { orgIdentifier: 'o', projectIdentifier: 'p' };

describe('scope of a request', () => {
  it('stands in the path, and then the query has no say', () => {
    expect(
      scopeFromPathOrQuery(request({ org: 'o', project: 'p' }, { orgIdentifier: 'x', projectIdentifier: 'y' })),
    ).toEqual({ orgId: 'o', projectId: 'p' });
    expect(scopeFromPathOrQuery(request({ org: 'o' }, { projectIdentifier: 'p' }))).toEqual({
      orgId: 'o',
      projectId: undefined,
    });
  });

  it('stands in the query when the path names no org', () => {
    expect(scopeFromPathOrQuery(request({ identifier: 'c' }, inQuery))).toEqual({ orgId: 'o', projectId: 'p' });
  });

  it('of a create comes from query, body or both', () => {
    const scopeFrom = scopeFromQueryOrBody('connector');
    expect(scopeFrom(request({}, { orgIdentifier: 'o' }, { connector: { projectIdentifier: 'p' } }))).toEqual({
      orgId: 'o',
      projectId: 'p',
    });
    expect(scopeFrom(request({}, inQuery, { connector: inQuery }))).toEqual({ orgId: 'o', projectId: 'p' });
    expect(scopeFrom(request({}, {}, { connector: { orgIdentifier: null, projectIdentifier: '' } }))).toEqual({});
    expect(scopeFromQueryOrBody()(request({}, {}, inQuery))).toEqual({ orgId: 'o', projectId: 'p' });
  });

  it('is refused when query and body disagree', () => {
    expect(() =>
      scopeFromQueryOrBody('secret')(request({}, { orgIdentifier: 'o' }, { secret: { orgIdentifier: 'x' } })),
    ).toThrow('orgIdentifier is "o" in the query and "x" in the body');
    expect(() =>
      scopeOfProjectIn(
        'identifier',
        'project',
      )(request({ identifier: 'p' }, { orgIdentifier: 'o' }, { project: { orgIdentifier: 'x' } })),
    ).toThrow(/orgIdentifier/);
  });

  it('of orgs and projects is their own path', () => {
    expect(scopeOfAccount(request({}, inQuery))).toEqual({});
    expect(scopeOfOrgIn('identifier')(request({ identifier: 'o' }, { orgIdentifier: 'x' }))).toEqual({ orgId: 'o' });
    expect(
      orgFromQueryOrBody('project')(request({}, {}, { project: { orgIdentifier: 'o', projectIdentifier: 'p' } })),
    ).toEqual({ orgId: 'o' });
    expect(
      scopeOfProjectIn('identifier')(request({ identifier: 'p' }, { orgIdentifier: 'o', projectIdentifier: 'x' })),
    ).toEqual({ orgId: 'o', projectId: 'p' });
  });

  const every: readonly ScopeFrom[] = [
    scopeFromPathOrQuery,
    scopeFromQueryOrBody(),
    scopeFromQueryOrBody('x'),
    scopeOfAccount,
    scopeOfOrgIn('org'),
    orgFromQueryOrBody('x'),
    scopeOfProjectIn('project', 'x'),
  ];
  it.each([
    [undefined],
    [null],
    ['text'],
    [7],
    [[]],
    [[inQuery]],
    [{ orgIdentifier: 7, projectIdentifier: { a: 1 } }],
    [{ orgIdentifier: ['o', 'x'] }],
    [{ x: 'text' }],
    [{ x: { orgIdentifier: [] } }],
    [{ org: 5, project: {} }],
    [JSON.parse('{"__proto__": {"orgIdentifier": "o"}}')],
  ])('takes junk (%j) for no scope', (junk: unknown) => {
    for (const scopeFrom of every)
      expect(Object.values(scopeFrom(request(junk, junk, junk))).filter((id) => id !== undefined)).toEqual([]);
  });
});
