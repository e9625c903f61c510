import type { RouteCases } from '../route-case.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const badLimit = { change: { query: { limit: '101' } }, field: 'limit' };
const longOrg = { change: { params: { org: 'x'.repeat(129) } }, field: 'org' };
const noOrg = { change: { params: { org: 'nowhere' } }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' };
const longProject = { change: { params: { project: 'x'.repeat(129) } }, field: 'project' };
const noProject = { change: { params: { project: 'nowhere' } }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' };

/** The v1 twins of organizations and projects (api-contract 3.1). */
export const scopeV1Cases: RouteCases = {
  v1ListOrgs: {
    request: () => ({ query: { search_term: 'default' } }),
    answers: [{ org: { identifier: 'default', slug: 'default' } }],
    invalid: badLimit,
    missing: LISTS,
    rights: 'listed',
  },
  v1CreateOrg: {
    request: ({ make }) => ({
      json: { org: { slug: make.id('org'), name: 'Sales', description: 'd', tags: { a: 'b' } } },
    }),
    answers: (_, { json }) => ({ ...(json as object), harness_managed: false }),
    invalid: { change: { json: { org: { name: 'x' } } }, field: 'identifier' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  v1GetOrg: {
    request: ({ org }) => ({ params: { org } }),
    answers: ({ org }) => ({ org: { identifier: org, slug: org } }),
    invalid: longOrg,
    missing: noOrg,
  },
  v1UpdateOrg: {
    request: async ({ make }) => {
      const org = await make.organization();
      return {
        params: { org },
        json: { org: { identifier: org, name: 'Renamed', description: 'new', tags: { a: 'b' } } },
      };
    },
    answers: (_, { json }) => json,
    invalid: { change: { json: { org: { identifier: 'other', name: 'x' } } }, field: 'identifier' },
    missing: { change: { params: { org: 'nowhere' }, json: { org: { identifier: 'nowhere', name: 'x' } } } },
  },
  v1DeleteOrg: {
    request: async ({ make }) => ({ params: { org: await make.organization() } }),
    answers: (_, { params }) => ({ org: { identifier: params?.['org'] } }),
    invalid: longOrg,
    missing: noOrg,
  },
  v1ListProjects: {
    request: ({ org, project }) => ({ params: { org }, query: { search_term: project } }),
    answers: ({ project, org }) => [{ project: { identifier: project, slug: project, org } }],
    invalid: badLimit,
    missing: LISTS,
    rights: 'listed',
  },
  v1CreateProject: {
    request: ({ org, make }) => ({
      params: { org },
      json: {
        project: {
          identifier: make.id('project'),
          name: 'Shop',
          color: '#0063f7',
          modules: ['DBOPS'],
          description: 'd',
          tags: { a: 'b' },
        },
      },
    }),
    answers: (_, { json }) => json,
    invalid: { change: { json: { project: { identifier: 'a', slug: 'b', name: 'x' } } }, field: 'slug' },
    missing: { change: { params: { org: 'nowhere' } } },
  },
  v1GetProject: {
    request: ({ path }) => ({ params: path }),
    answers: ({ org, project }) => ({ project: { identifier: project, org } }),
    invalid: longProject,
    missing: noProject,
  },
  v1UpdateProject: {
    request: async ({ org, make }) => {
      const project = await make.project();
      return {
        params: { org, project },
        json: {
          project: {
            identifier: project,
            name: 'Renamed',
            color: '#ffffff',
            modules: [],
            description: 'new',
            tags: { a: 'b' },
          },
        },
      };
    },
    answers: (_, { json }) => json,
    invalid: { change: { json: { project: { identifier: 'other', name: 'x' } } }, field: 'identifier' },
    missing: { change: { params: { project: 'nowhere' }, json: { project: { identifier: 'nowhere', name: 'x' } } } },
  },
  v1DeleteProject: {
    request: async ({ org, make }) => ({ params: { org, project: await make.project() } }),
    answers: (_, { params }) => ({ project: { identifier: params?.['project'] } }),
    invalid: longProject,
    missing: noProject,
  },
};
