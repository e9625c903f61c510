import { propertyOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const missing = (place: 'params' | 'query') => ({ change: { [place]: { auditId: 'nowhere' } } });
const longId = (place: 'params' | 'query') => ({ change: { [place]: { auditId: 'x'.repeat(65) } }, field: 'auditId' });

/** An event of the world's project: there is one as soon as something was made in it. */
async function event(world: World): Promise<string> {
  const answer = await world.make.call('POST', '/ng/api/audits/list', {
    query: { ...world.scope, pageSize: '1' },
    body: {},
  });
  const rows = propertyOf(propertyOf(answer, 'data'), 'content');
  return String(propertyOf(Array.isArray(rows) ? rows[0] : undefined, 'auditId'));
}

/** The audit trail (our own routes, after the platform's). Viewers do not see it. */
export const auditCases: RouteCases = {
  listAuditEvents: {
    request: (world) => ({
      query: { ...world.scope, pageSize: 2 },
      json: { filterType: 'Audit', actions: ['CREATE'] },
    }),
    answers: { pageSize: 2, pageItemCount: 2, content: [{ action: 'CREATE' }, { action: 'CREATE' }] },
    invalid: { change: { query: { pageToken: 'x' } }, field: 'pageToken' },
    missing: { none: 'a list has nothing that could be missing' },
  },
  listSecurityEvents: {
    request: (world) => ({ query: { ...world.inAccount, kind: 'signIn', pageSize: 1 } }),
    answers: { pageSize: 1, content: [{ kind: 'signIn', outcome: 'allowed' }] },
    invalid: { change: { query: { kind: 'unicorn' } }, field: 'kind' },
    missing: { none: 'a list has nothing that could be missing' },
    otherAccount: 'an answer of its own',
  },
  getAuditEvent: {
    request: async (world) => ({ query: world.scope, params: { auditId: await event(world) } }),
    answers: (_, { params }) => ({ auditId: params?.['auditId'] }),
    invalid: longId('params'),
    missing: missing('params'),
  },
  getAuditYaml: {
    request: async (world) => ({ query: world.scope, params: { auditId: await event(world) } }),
    invalid: longId('params'),
    missing: missing('params'),
  },
  getAuditYamlByQuery: {
    request: async (world) => ({ query: { ...world.scope, auditId: await event(world) } }),
    invalid: longId('query'),
    missing: missing('query'),
  },
  verifyAuditTrail: {
    request: ({ inAccount }) => ({ query: inAccount }),
    answers: { ok: true, isComplete: true },
    invalid: { change: { query: { limit: '0' } }, field: 'limit' },
    missing: { none: 'names nothing' },
    otherAccount: 'an answer of its own',
  },
};
