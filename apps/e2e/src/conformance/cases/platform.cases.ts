import { partOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };
const missing = { change: { params: { tokenName: 'nowhere' } } };
const missingByQuery = { change: { query: { tokenName: 'nowhere' } } };
const UPLOAD = 'upload_logs_via_harness';

/** Settings, delegates and delegate tokens in both dialects (api-contract 3.1, 3.5, 3.6). */
export const platformCases: RouteCases = {
  listSettings: {
    request: ({ inAccount }) => ({ query: { ...inAccount, category: 'CI' } }),
    answers: [
      {
        setting: {
          identifier: UPLOAD,
          name: 'Upload Logs Via Harness',
          category: 'CI',
          valueType: 'Boolean',
          allowedValues: ['true', 'false'],
          allowOverrides: false,
          defaultValue: 'false',
          isSettingEditable: true,
          allowedScopes: ['ACCOUNT'],
        },
      },
    ],
    invalid: noAccount,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  updateSettings: {
    request: ({ inAccount }) => ({
      query: inAccount,
      json: [{ identifier: UPLOAD, value: 'false', updateType: 'UPDATE' }],
    }),
    answers: [
      { identifier: UPLOAD, updateStatus: true, errorMessage: null, setting: { identifier: UPLOAD, value: 'false' } },
    ],
    invalid: { change: { json: [{ identifier: UPLOAD, updateType: 'FORGET' }] }, field: 'updateType' },
    missing: { none: 'each item says for itself that it does not exist' },
    otherAccount: 'an answer of its own',
  },
  getSetting: {
    request: ({ inAccount }) => ({ query: inAccount, params: { identifier: UPLOAD } }),
    answers: { valueType: 'Boolean' },
    invalid: noAccount,
    missing: { change: { params: { identifier: 'nowhere' } } },
    otherAccount: 'an answer of its own',
  },
  listDelegates: {
    request: ({ inAccount }) => ({ query: { ...inAccount, all: true }, json: { filterType: 'Delegate' } }),
    answers: [{ connected: true, delegateReplicas: [{ connected: true }], autoUpgrade: 'OFF' }],
    invalid: { change: { query: { all: 'perhaps' } }, field: 'all' },
    missing: LISTS,
  },
  latestDelegateVersion: {
    request: ({ inAccount }) => ({ query: inAccount }),
    answers: { latestSupportedVersion: partOf('.'), latestSupportedMinimalVersion: partOf('.') },
    invalid: noAccount,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  createDelegateToken: {
    request: ({ inAccount, make }) => ({ query: inAccount, json: { name: make.id('tokens') } }),
    answers: ({ account }, { json }) => ({
      name: (json as { name: string }).name,
      accountId: account,
      status: 'ACTIVE',
    }),
    invalid: { change: { json: {} }, field: 'tokenName' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  listDelegateTokens: {
    request: ({ inAccount, delegateToken }) => ({ query: { ...inAccount, name: delegateToken, status: 'ACTIVE' } }),
    answers: ({ delegateToken }) => [{ name: delegateToken, status: 'ACTIVE' }],
    invalid: { change: { query: { status: 'LOST' } }, field: 'status' },
    missing: LISTS,
  },
  getDelegateToken: {
    request: ({ inAccount, delegateToken }) => ({ query: inAccount, params: { tokenName: delegateToken } }),
    answers: ({ delegateToken }) => ({ name: delegateToken }),
    invalid: { change: { params: { tokenName: 'x'.repeat(129) } }, field: 'tokenName' },
    missing,
  },
  revokeDelegateToken: {
    request: async ({ inAccount, make }) => ({ query: { ...inAccount, tokenName: await make.delegateToken() } }),
    answers: { status: 'REVOKED' },
    invalid: { change: { query: { tokenName: [] } }, field: 'tokenName' },
    missing: missingByQuery,
  },
  revokeDelegateTokenByPath: {
    request: async ({ inAccount, make }) => ({
      query: { ...inAccount, status: 'REVOKED' },
      params: { tokenName: await make.delegateToken() },
    }),
    answers: { status: 'REVOKED' },
    invalid: noAccount,
    missing,
  },
  deleteDelegateToken: {
    request: async ({ inAccount, make }) => ({ query: { ...inAccount, tokenName: await make.delegateToken() } }),
    answers: true,
    invalid: { change: { query: { tokenName: [] } }, field: 'tokenName' },
    missing: missingByQuery,
  },
  deleteDelegateTokenByPath: {
    request: async ({ inAccount, make }) => ({ query: inAccount, params: { tokenName: await make.delegateToken() } }),
    answers: true,
    invalid: noAccount,
    missing,
  },
  delegateGroupsOfToken: {
    request: ({ inAccount }) => ({ query: { ...inAccount, delegateTokenName: 'default_token' } }),
    answers: { delegateGroupDetails: [{ connected: true }] },
    invalid: { change: { query: { delegateTokenName: [] } }, field: 'delegateTokenName' },
    missing: { change: { query: { delegateTokenName: 'nowhere' } } },
  },
  delegatesOfTokenByPath: {
    request: ({ inAccount }) => ({ query: inAccount, params: { tokenName: 'default_token' } }),
    answers: { delegateGroupDetails: [{ connected: true }] },
    invalid: noAccount,
    missing,
  },
  getDefaultImages: {
    request: () => ({}),
    answers: { defaultTag: partOf('sluice/step-runner:'), gitCloneTag: partOf('sluice/') },
    invalid: { change: { query: { accountIdentifier: ['', ''] } }, field: 'accountIdentifier' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  getCustomerImages: {
    request: () => ({ query: { overridesOnly: true } }),
    invalid: { change: { query: { overridesOnly: 'maybe' } }, field: 'overridesOnly' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  updateImages: {
    request: () => ({ json: [{ field: 'snowflakeTag', value: 'mine/liquibase:2' }] }),
    answers: true,
    invalid: { change: { json: [{ field: 'colour', value: 'red' }] }, field: 'field' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  resetImages: {
    request: () => ({ json: ['mongoTag', { field: 'db2Tag' }] }),
    answers: true,
    invalid: { change: { json: ['colour'] }, field: '0' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  deleteImages: {
    request: () => ({}),
    answers: true,
    invalid: { change: { query: { accountIdentifier: ['', ''] } }, field: 'accountIdentifier' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  pinImage: {
    request: () => ({ json: { value: '1.2.0' } }),
    answers: true,
    invalid: { change: { json: { value: 'a b' } }, field: 'value' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
};
