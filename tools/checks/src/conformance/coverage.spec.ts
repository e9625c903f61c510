import { describe, expect, it } from '@jest/globals';
import { addressesOf, CONTRACT_ROUTES, type ContractRoute } from './contract-routes.js';
import { coverageOf, isFailure, type Registered } from './coverage.js';
import { countsBySection, reportText } from './report.js';

const contract: readonly ContractRoute[] = [
  { section: '2.1', method: 'GET', path: '/v1/orgs/{org}/things/{thing}', scope: 'required' },
  { section: '2.1', method: 'POST', path: '/v1/orgs/{org}/things', scope: 'later work' },
];
const thing = { id: 'getThing', method: 'GET', path: '/v1/orgs/:org/things/:id', owner: 'ng-manager' };
const everything: Registered = {
  routes: [thing],
  tested: new Set(['getThing']),
  unlisted: [],
  find: (path) => ({ to: 'ng-manager', path: path.replace(/^\/gateway/, '').replace(/^\/dbops/, '') }),
};
const failures = (registered: Partial<Registered>): string[] =>
  coverageOf(contract, { ...everything, ...registered })
    .filter(isFailure)
    .map(({ route, complaints }) => `${route}: ${complaints.join('; ')}`);

describe('the coverage of the contract', () => {
  it('is complete when every required route is served, reachable and tested', () => {
    expect(failures({})).toEqual([]);
    expect(reportText(coverageOf(contract, everything))).toContain('every route of the contract is served and tested');
  });

  it.each<[string, Partial<Registered>, RegExp]>([
    ['a route nobody serves', { routes: [] }, /things\/\{thing\}: not served/],
    ['a route without a case', { tested: new Set() }, /getThing has no complete conformance case/],
    ['a route the gateway sends elsewhere', { find: (path) => ({ to: 'pipeline', path }) }, /goes to pipeline/],
    [
      'an address the gateway does not know',
      { find: (path) => (path.startsWith('/gateway/dbops') ? undefined : everything.find(path)) },
      /the gateway does not know \/gateway\/dbops/,
    ],
    [
      'a route of our own without a case',
      { routes: [thing, { ...thing, id: 'ours', path: '/v1/ours' }] },
      /GET \/v1\/ours: ours has no complete/,
    ],
    [
      'later work that is served without a case',
      { routes: [thing, { ...thing, id: 'late', method: 'POST', path: '/v1/orgs/:o/things' }] },
      /late has no complete/,
    ],
    ['a route in no service’s list', { unlisted: ['stray'] }, /stray: stands in no service/],
  ])('names %s', (_, registered, complaint) => expect(failures(registered).join('\n')).toMatch(complaint));

  it('lets later work wait', () =>
    expect(countsBySection(coverageOf(contract, everything))).toEqual([
      { section: '2.1', required: 1, served: 1, tested: 1, later: 1 },
    ]));
});

describe('the contract as data', () => {
  it('holds no route twice', () => {
    const addresses = CONTRACT_ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(addresses.filter((address, index) => addresses.indexOf(address) !== index)).toEqual([]);
  });

  it('is reached with and without /gateway, DB DevOps under both prefixes', () => {
    expect(addressesOf({ section: '2.1', path: '/v1/x' })).toEqual([
      '/v1/x',
      '/gateway/v1/x',
      '/dbops/v1/x',
      '/gateway/dbops/v1/x',
    ]);
    expect(addressesOf({ section: '5.1', path: '/log-service/blob' })).toEqual([
      '/log-service/blob',
      '/gateway/log-service/blob',
    ]);
  });
});
