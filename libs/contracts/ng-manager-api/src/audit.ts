import {
  auditEventRecord,
  defineRoute,
  ngPage,
  ngPageQuery,
  queryList,
  scopeOfAccount,
  scopeQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, ngScope } from './places.js';

const text = z.string().max(256);
const texts = z.array(text).max(100).nullish();

/**
 * What a list of events is narrowed to; several values of one kind mean "one of these". Clients send further keys (`filterType`, `staticFilter`, …),
 * which are dropped.
 */
export const auditFilter = z.object({
  /** Everything inside one of these; an account or org includes what is below it. */
  scopes: z
    .array(
      z.object({
        accountIdentifier: z.string().max(128).nullish(),
        orgIdentifier: z.string().max(128).nullish(),
        projectIdentifier: z.string().max(128).nullish(),
      }),
    )
    .max(100)
    .nullish(),
  /** `type` in the API's capitals (`CONNECTOR`, `INPUT_SET`) or in ours. */
  resources: z
    .array(z.object({ type: text, identifier: text.nullish() }))
    .max(100)
    .nullish(),
  modules: texts,
  actions: texts,
  /** `identifier` is the e-mail address; the id of who has none. */
  principals: z
    .array(z.object({ type: text, identifier: text }))
    .max(100)
    .nullish(),
  /** Milliseconds since the epoch, both inclusive. */
  startTime: z.coerce.number().int().min(0).max(8_640_000_000_000_000).nullish(),
  endTime: z.coerce.number().int().min(0).max(8_640_000_000_000_000).nullish(),
  searchTerm: text.nullish(),
});
export type AuditFilter = z.output<typeof auditFilter>;

const labels = z.record(z.string(), z.string());
export const auditEvent = z.object({
  auditId: z.string(),
  insertId: z.string(),
  resourceScope: z.object({
    accountIdentifier: z.string(),
    orgIdentifier: z.string().optional(),
    projectIdentifier: z.string().optional(),
  }),
  httpRequestInfo: z.object({ requestMethod: z.string().nullable(), clientIP: z.string().nullable() }),
  requestMetadata: z.object({ clientIP: z.string().nullable(), userAgent: z.string().nullable() }),
  timestamp: epochMs,
  authenticationInfo: z.object({ principal: z.object({ type: z.string(), identifier: z.string() }), labels }),
  module: z.string(),
  resource: z.object({ type: z.string(), identifier: z.string(), labels }),
  action: z.string(),
  /** Paths whose values differ between before and after, also of values that are not shown. */
  changes: z.array(z.string()),
  details: z.record(z.string(), z.unknown()),
  correlationId: z.string(),
  /** When the trail got it: later than `timestamp` for events of other services. */
  recordedAt: epochMs,
  position: z.int(),
  hash: z.string(),
  previousHash: z.string(),
});
export type AuditEvent = z.output<typeof auditEvent>;

export const listAuditEvents = defineRoute({
  id: 'listAuditEvents',
  method: 'POST',
  path: '/ng/api/audits/list',
  summary: 'List audit events, newest first: those of the scopes in which the caller holds audit.view',
  style: 'ng',
  access: { permission: 'audit.view', orInside: true },
  query: z.object({
    ...scopeQuery,
    ...ngPageQuery,
    /** From the page before: goes on behind it, however far back, whatever was added meanwhile. `pageIndex` counts only up to the first 10,000. */
    pageToken: z
      .string()
      .regex(/^\d{1,15}$/, 'must be the pageToken of the page before')
      .optional(),
    /** `timestamp,ASC` for the oldest first. */
    sortOrders: queryList.optional(),
    searchTerm: text.optional(),
  }),
  body: auditFilter.nullish(),
  response: ngPage(auditEvent).extend({ pageToken: z.string().nullable() }),
});

const auditDetail = auditEvent.extend({ before: z.unknown(), after: z.unknown() });
export type AuditDetail = z.output<typeof auditDetail>;

export const getAuditEvent = defineRoute({
  id: 'getAuditEvent',
  method: 'GET',
  path: '/ng/api/audits/:auditId',
  summary: 'Read an audit event with the states before and after',
  style: 'ng',
  access: { permission: 'audit.view', orInside: true },
  params: z.object({ auditId: z.string().min(1).max(64) }),
  query: ngScope,
  response: auditDetail,
});

const yamlDiff = z.object({ oldYaml: z.string().nullable(), newYaml: z.string().nullable() });
export type AuditYaml = z.output<typeof yamlDiff>;

export const getAuditYaml = defineRoute({
  id: 'getAuditYaml',
  method: 'GET',
  path: '/ng/api/audits/:auditId/yaml',
  summary: 'The states before and after as YAML',
  style: 'ng',
  access: { permission: 'audit.view', orInside: true },
  params: z.object({ auditId: z.string().min(1).max(64) }),
  query: ngScope,
  response: yamlDiff,
});

/** As {@link getAuditYaml}, where clients look for it. */
export const getAuditYamlByQuery = defineRoute({
  id: 'getAuditYamlByQuery',
  method: 'GET',
  path: '/ng/api/auditYaml',
  summary: 'The states before and after as YAML',
  style: 'ng',
  access: { permission: 'audit.view', orInside: true },
  query: z.object({ ...scopeQuery, auditId: z.string().min(1).max(64) }),
  response: yamlDiff,
});

const chainPlace = z.object({ position: z.int(), hash: z.string() });

/** Reads the account's chain from `fromPosition` on. `isComplete` says whether the end was reached; if not, go on at `checkedTo + 1`. */
export const verifyAuditTrail = defineRoute({
  id: 'verifyAuditTrail',
  method: 'GET',
  path: '/ng/api/audits/verify',
  summary: 'Check that no audit event of the account was changed or removed',
  style: 'ng',
  access: { permission: 'audit.view', scopeFrom: scopeOfAccount },
  query: z.object({
    ...scopeQuery,
    fromPosition: z.coerce.number().int().min(1).max(1e15).default(1),
    limit: z.coerce.number().int().min(1).max(10_000).default(10_000),
    /** A place written down earlier, `position:hash`: the chain must still hold it. Finds also a trail that was cut off and closed again. */
    known: z
      .string()
      .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'must be position:hash')
      .optional(),
  }),
  response: z.object({
    ok: z.boolean(),
    checked: z.int(),
    checkedTo: z.int(),
    isComplete: z.boolean(),
    /** The end of the chain: worth keeping elsewhere, for `known`. */
    head: chainPlace,
    brokenAt: z.int().optional(),
    reason: z.string().optional(),
  }),
});

/** From the outbox of another service. Answered after commit; events the trail has already are left out. */
export const receiveAuditEvents = defineRoute({
  id: 'receiveAuditEvents',
  method: 'POST',
  path: '/ng/api/internal/audit-events',
  summary: 'Add events to the audit trail',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  body: z.object({ events: z.array(auditEventRecord).min(1).max(500) }),
  response: z.object({ received: z.int() }),
});

/** Every route of this file. */
export const auditRoutes = [
  listAuditEvents,
  getAuditEvent,
  getAuditYaml,
  getAuditYamlByQuery,
  verifyAuditTrail,
  receiveAuditEvents,
];
