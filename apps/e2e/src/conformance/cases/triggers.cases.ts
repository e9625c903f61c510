import { stringify } from 'yaml';
import { partOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const NOT_SERVED = 422;
const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const target = ({ scope, finished }: World) => ({ ...scope, targetIdentifier: finished.pipeline });
const missing = { change: { params: { triggerIdentifier: 'nowhere' } } };
const noTarget = { change: { query: { targetIdentifier: [] } }, field: 'targetIdentifier' };
const later = { none: 'later work: nothing is looked up' };
const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };

function triggerYaml({ org, project, marker, finished }: World, identifier: string, expression = '0 3 * * *'): string {
  const source = { type: 'Scheduled', spec: { type: 'Cron', spec: { type: 'UNIX', expression, timezone: 'UTC' } } };
  return stringify({
    trigger: {
      identifier,
      name: identifier,
      description: marker,
      orgIdentifier: org,
      projectIdentifier: project,
      pipelineIdentifier: finished.pipeline,
      enabled: false,
      tags: { a: 'b' },
      source,
    },
  });
}
async function made(world: World): Promise<string> {
  const identifier = world.make.id('trigger');
  await world.make.call('POST', '/pipeline/api/triggers', {
    query: target(world),
    yaml: triggerYaml(world, identifier),
  });
  return identifier;
}

/** Triggers, stored and read; what comes in from outside is told that nothing takes it yet (api-contract 4.6). Approvals (4.7). */
export const triggerCases: RouteCases = {
  listTriggers: {
    request: async (world) => ({ query: { ...target(world), page: 0, size: 5, searchTerm: await made(world) } }),
    answers: { totalItems: 1, pageSize: 5, content: [{ type: 'Scheduled', enabled: false, tags: { a: 'b' } }] },
    invalid: noTarget,
    missing: { change: { query: { targetIdentifier: 'nowhere' } } },
  },
  createTrigger: {
    request: (world) => ({
      query: { ...target(world), ignoreError: false },
      raw: yaml(triggerYaml(world, world.make.id('trigger'))),
    }),
    answers: ({ finished, account, org, project }) => ({
      type: 'Scheduled',
      accountIdentifier: account,
      orgIdentifier: org,
      projectIdentifier: project,
      targetIdentifier: finished.pipeline,
      yaml: partOf('0 3 * * *'),
      enabled: false,
    }),
    invalid: (world) => ({ change: { raw: yaml(triggerYaml(world, 'with-hyphen')) }, field: 'trigger.identifier' }),
    missing: (world) => ({
      change: {
        query: { targetIdentifier: 'nowhere' },
        raw: yaml(triggerYaml({ ...world, finished: { ...world.finished, pipeline: 'nowhere' } }, 't')),
      },
    }),
  },
  updateTrigger: {
    request: async (world) => {
      const triggerIdentifier = await made(world);
      return {
        query: target(world),
        params: { triggerIdentifier },
        raw: yaml(triggerYaml(world, triggerIdentifier, '0 4 * * *')),
      };
    },
    answers: (_, { params }) => ({ identifier: params?.['triggerIdentifier'], yaml: partOf('0 4 * * *') }),
    invalid: { change: { raw: yaml('trigger: [') }, field: 'YAML' },
    missing: (world) => ({ change: { ...missing.change, raw: yaml(triggerYaml(world, 'nowhere')) } }),
  },
  getTrigger: {
    request: async (world) => ({ query: target(world), params: { triggerIdentifier: await made(world) } }),
    answers: (_, { params }) => ({ identifier: params?.['triggerIdentifier'], yaml: partOf('trigger:') }),
    invalid: noTarget,
    missing,
  },
  deleteTrigger: {
    request: async (world) => ({ query: target(world), params: { triggerIdentifier: await made(world) } }),
    answers: true,
    invalid: noTarget,
    missing,
  },
  getTriggerDetails: {
    request: async (world) => ({ query: target(world), params: { triggerIdentifier: await made(world) } }),
    answers: (_, { params }) => ({ identifier: params?.['triggerIdentifier'], lastTriggerExecutionDetails: null }),
    invalid: noTarget,
    missing,
  },
  triggerCatalog: {
    request: ({ inAccount }) => ({ query: inAccount }),
    invalid: noAccount,
    missing: { none: 'names nothing' },
    rights: 'self',
    otherAccount: 'an answer of its own',
  },
  receiveScmEvent: {
    request: ({ inAccount }) => ({ query: inAccount, json: { ref: 'refs/heads/main' } }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing: later,
  },
  receiveTriggerEvent: {
    request: ({ scope }) => ({ query: scope, json: {} }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing: later,
  },
  receiveCustomEvent: {
    request: ({ scope }) => ({ query: { ...scope, pipelineIdentifier: 'p', triggerIdentifier: 't' }, json: {} }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing: later,
  },
  receiveCustomEventV2: {
    request: ({ scope }) => ({ query: scope, params: { token: 'x' }, json: {} }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing: later,
  },
  triggerProcessingDetails: {
    request: ({ inAccount }) => ({ query: { ...inAccount, eventId: 'x' } }),
    status: NOT_SERVED,
    invalid: { change: { query: { eventId: [] } }, field: 'eventId' },
    missing: later,
  },
  listApprovals: {
    request: ({ path, finished }) => ({
      params: { ...path, executionId: finished.id },
      query: { approval_status: 'WAITING' },
    }),
    answers: [],
    invalid: { change: { query: { approval_status: 'LOST' } }, field: 'approval_status' },
    missing: { change: { params: { executionId: 'nowhere' } } },
  },
  // Nothing asks for an approval yet, so there is none to be found.
  getApproval: {
    request: ({ scope }) => ({ query: scope, params: { approvalInstanceId: 'none' } }),
    status: 404,
    invalid: { change: { params: { approvalInstanceId: 'x'.repeat(129) } }, field: 'approvalInstanceId' },
    missing: { change: { params: { approvalInstanceId: 'nowhere' } } },
  },
  addApprovalActivity: {
    request: ({ scope }) => ({
      query: scope,
      params: { approvalInstanceId: 'none' },
      json: { action: 'APPROVE', comments: '' },
    }),
    status: 404,
    invalid: { change: { json: { action: 'SHRUG' } }, field: 'action' },
    missing: { change: { params: { approvalInstanceId: 'nowhere' } } },
  },
};
