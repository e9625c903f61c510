import { describe, expect, it } from '@jest/globals';
import { defineRoute, scopeOfAccount, type RouteAccess } from '@sluice/api-conventions';
import { z } from 'zod';
import { accessComplaints, accessExpected, otherAccountComplaints, VISITORS, type Visitor } from './expectations.js';
import type { Exchange } from './exchange.js';
import type { CaseRequest, RouteCase } from './route-case.js';

const routeWith = (access: RouteAccess, path = '/v1/orgs/:org/projects/:project/things') =>
  defineRoute({ id: 'x', method: 'GET', path, summary: '', style: 'bare', access, response: z.unknown() });
const caseWith = (more: Partial<RouteCase> = {}): RouteCase => ({
  request: () => ({}),
  invalid: { none: '' },
  missing: { none: '' },
  ...more,
});
const INSIDE: CaseRequest = { params: { org: 'o', project: 'p' } };

function walk(
  access: RouteAccess,
  row: RouteCase = caseWith(),
  request: CaseRequest = INSIDE,
): Record<Visitor, number | 'in'> {
  const entries = VISITORS.map((visitor) => {
    const expected = accessExpected(visitor, routeWith(access), row, request);
    return [visitor, expected.kind === 'allowed' ? 'in' : expected.status] as const;
  });
  return Object.fromEntries(entries) as Record<Visitor, number | 'in'>;
}

const NOBODY = {
  'no key': 401,
  'garbage key': 401,
  'expired key': 401,
  'revoked key': 401,
  'disabled user': 401,
  'admin of another account': 403,
};

describe('who is let in', () => {
  it.each<[string, RouteAccess, 'in' | 403, 'in' | 403]>([
    ['a view', { permission: 'connector.view' }, 'in', 403],
    ['an edit', { permission: 'connector.edit' }, 403, 403],
    ['running a pipeline', { permission: 'pipeline.execute' }, 403, 403],
    ['the audit trail, which viewers do not see', { permission: 'audit.view' }, 403, 403],
    ['a view of a project, though a right inside is enough', { permission: 'project.view', orInside: true }, 'in', 403],
    [
      'a view of the account, where a right inside is enough',
      { permission: 'account.view', scopeFrom: scopeOfAccount, orInside: true },
      'in',
      'in',
    ],
  ])('follows from the route: %s', (_, access, viewer, elsewhere) => {
    expect(walk(access)).toEqual({ ...NOBODY, viewer, 'admin of another project': elsewhere });
  });

  it('is everybody signed in for what is about oneself, and for lists that show what one may see', () => {
    for (const rights of ['self', 'listed'] as const)
      expect(walk('authenticated', caseWith({ rights }))).toEqual({
        ...NOBODY,
        viewer: 'in',
        'admin of another project': 'in',
      });
  });

  it('is who the handler asks for, where the case says so', () => {
    expect(walk('authenticated', caseWith({ rights: 'user.edit' }))).toEqual({
      ...NOBODY,
      viewer: 403,
      'admin of another project': 403,
    });
  });

  it('is whoever holds a signed link, unless a bad key is shown beside it', () => {
    expect(walk('public', caseWith({ rights: 'proof' }), { query: { signature: 's' } })).toEqual({
      ...NOBODY,
      'no key': 'in',
      viewer: 'in',
      'admin of another project': 'in',
    });
  });

  it('is nobody with a key alone, where a log token is asked for', () => {
    expect(walk('public', caseWith({ rights: 'proof' }), { headers: { 'x-harness-token': 't' } })).toEqual({
      ...NOBODY,
      viewer: 403,
      'admin of another project': 403,
    });
  });

  it('must be said for a route that leaves it to its handler', () => {
    expect(() => walk('authenticated')).toThrow(/must say which right/);
  });
});

describe('an answer to somebody', () => {
  it('is no refusal for who may, and that very refusal for who may not', () => {
    expect(accessComplaints({ status: 404 }, { kind: 'allowed' })).toEqual([]);
    expect(accessComplaints({ status: 403 }, { kind: 'allowed' })).toHaveLength(1);
    expect(accessComplaints({ status: 403 }, { kind: 'status', status: 403 })).toEqual([]);
    expect(accessComplaints({ status: 400 }, { kind: 'status', status: 403 })).toHaveLength(1);
  });
});

describe('what another account gets', () => {
  const exchange = (status: number, text: string): Exchange => ({
    request: '',
    status,
    headers: new Headers(),
    text,
    json: JSON.parse(text) as unknown,
    ms: 1,
  });
  const complaints = (status: number, text: string, row = caseWith()): string[] =>
    otherAccountComplaints(exchange(status, text), routeWith('authenticated'), row, 'MARKER');

  it.each([
    [404, '{}'],
    [403, '{}'],
    [400, '{}'],
    [200, '[]'],
    [200, '{"content":[]}'],
  ])('may be %s %s', (status, text) => expect(complaints(status, text)).toEqual([]));
  it.each([
    [200, '{"name":"x"}'],
    [200, '[1]'],
    [204, '""'],
    [401, '{}'],
  ])('is not %s %s', (status, text) => expect(complaints(status, text)).toHaveLength(1));
  it('may be an answer of its own where the case says so, never one with something of ours', () => {
    const row = caseWith({ otherAccount: 'an answer of its own' });
    expect(complaints(200, '{"name":"theirs"}', row)).toEqual([]);
    expect(complaints(200, '{"name":"MARKER"}', row)).toHaveLength(1);
    expect(complaints(404, '{"message":"MARKER"}')).toHaveLength(1);
  });
});
