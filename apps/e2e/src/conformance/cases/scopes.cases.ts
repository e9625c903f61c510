import type { RouteCases } from '../route-case.js';

const nowhere = { params: { identifier: 'nowhere' } };
const badIndex = { change: { query: { pageIndex: '-1' } }, field: 'pageIndex' };
const LISTS = { none: 'a list has nothing that could be missing' };

/** Organizations and projects of `/ng/api` (api-contract 3.1, 3.2). */
export const scopeCases: RouteCases = {
  listOrganizations: {
    request: ({ inAccount }) => ({ query: { ...inAccount, searchTerm: 'default', pageSize: 5 } }),
    answers: {
      pageIndex: 0,
      pageSize: 5,
      totalItems: 1,
      content: [{ organization: { identifier: 'default' }, harnessManaged: false }],
    },
    invalid: badIndex,
    missing: LISTS,
    rights: 'listed',
  },
  createOrganization: {
    request: ({ inAccount, make }) => ({
      query: inAccount,
      json: {
        organization: { identifier: make.id('org'), name: 'Sales', description: 'all of it', tags: { team: 'a' } },
      },
    }),
    answers: (_, { json }) => json,
    invalid: {
      change: { json: { organization: { identifier: 'with-hyphen', name: 'x' } } },
      field: 'organization.identifier',
    },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  getOrganization: {
    request: ({ inAccount, org }) => ({ query: inAccount, params: { identifier: org } }),
    answers: ({ org }) => ({ organization: { identifier: org } }),
    invalid: { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' },
    missing: { change: nowhere, code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
  },
  updateOrganization: {
    request: async ({ inAccount, make }) => {
      const identifier = await make.organization();
      return {
        query: inAccount,
        params: { identifier },
        json: { organization: { identifier, name: 'Renamed', description: 'new', tags: { a: 'b' } } },
      };
    },
    answers: (_, { json }) => json,
    invalid: ({ make }) => ({
      change: { json: { organization: { identifier: make.id('other'), name: 'x' } } },
      field: 'organization.identifier',
    }),
    missing: {
      change: { params: { identifier: 'nowhere' }, json: { organization: { identifier: 'nowhere', name: 'x' } } },
      code: 'RESOURCE_NOT_FOUND_EXCEPTION',
    },
  },
  deleteOrganization: {
    request: async ({ inAccount, make }) => ({ query: inAccount, params: { identifier: await make.organization() } }),
    answers: true,
    invalid: { change: { query: { forceDelete: 'perhaps' } }, field: 'forceDelete' },
    missing: { change: nowhere, code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
  },
  listProjects: {
    request: ({ inAccount, org, project }) => ({ query: { ...inAccount, orgIdentifier: org, searchTerm: project } }),
    answers: ({ org, project }) => ({
      totalItems: 1,
      content: [{ project: { orgIdentifier: org, identifier: project, modules: ['DBOPS'] } }],
    }),
    invalid: badIndex,
    missing: LISTS,
    rights: 'listed',
  },
  listAllProjects: {
    request: ({ inAccount, project }) => ({ query: { ...inAccount, searchTerm: project } }),
    answers: ({ project }) => ({ content: [{ project: { identifier: project } }] }),
    invalid: badIndex,
    missing: LISTS,
    rights: 'listed',
  },
  createProject: {
    request: ({ inAccount, org, make }) => ({
      query: { ...inAccount, orgIdentifier: org },
      json: {
        project: {
          identifier: make.id('project'),
          orgIdentifier: org,
          name: 'Shop',
          color: '#0063f7',
          modules: ['CD', 'DBOPS'],
          description: 'd',
          tags: { a: 'b' },
        },
      },
    }),
    answers: (_, { json }) => json,
    invalid: { change: { json: { project: { identifier: '1st', name: 'x' } } }, field: 'project.identifier' },
    missing: {
      change: {
        query: { orgIdentifier: 'nowhere' },
        json: { project: { identifier: 'p', orgIdentifier: 'nowhere', name: 'x' } },
      },
    },
  },
  getProject: {
    request: ({ inAccount, org, project }) => ({
      query: { ...inAccount, orgIdentifier: org },
      params: { identifier: project },
    }),
    answers: ({ org, project }) => ({ project: { identifier: project, orgIdentifier: org } }),
    invalid: { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' },
    missing: { change: nowhere, code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
  },
  updateProject: {
    request: async ({ inAccount, org, make }) => {
      const identifier = await make.project();
      return {
        query: { ...inAccount, orgIdentifier: org },
        params: { identifier },
        json: {
          project: {
            identifier,
            orgIdentifier: org,
            name: 'Renamed',
            color: '#ffffff',
            modules: ['CD'],
            description: 'new',
            tags: { a: 'b' },
          },
        },
      };
    },
    answers: (_, { json }) => json,
    invalid: ({ org }) => ({
      change: { json: { project: { identifier: 'other', orgIdentifier: org, name: 'x' } } },
      field: 'project.identifier',
    }),
    missing: ({ org }) => ({
      change: {
        params: { identifier: 'nowhere' },
        json: { project: { identifier: 'nowhere', orgIdentifier: org, name: 'x' } },
      },
      code: 'RESOURCE_NOT_FOUND_EXCEPTION',
    }),
  },
  deleteProject: {
    request: async ({ inAccount, org, make }) => ({
      query: { ...inAccount, orgIdentifier: org },
      params: { identifier: await make.project() },
    }),
    answers: true,
    invalid: { change: { query: { forceDelete: 'perhaps' } }, field: 'forceDelete' },
    missing: { change: nowhere, code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
  },
};
