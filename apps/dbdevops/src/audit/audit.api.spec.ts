import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEventRecord } from '@sluice/api-conventions';
import {
  acknowledgeAuditEvents,
  atDbdevops,
  claimAuditEvents,
  createDbInstance,
  createDbSchema,
  deleteDbSchema,
  recordStep,
  updateDbInstance,
  updateDbSchema,
  updateImages,
} from '@sluice/dbdevops-api';
import { aReport, outcome } from '../testing/reports.js';
import { startDbDevops, type RunningDbDevops } from '../testing/running-dbdevops.js';

const A = { accountId: 'A' };
const AT = { org: 'default', project: 'shop' };
const SCHEMA = {
  identifier: 'orders',
  name: 'Orders',
  type: 'Repository',
  migrationType: 'Liquibase',
  changelog: { connector: 'git', location: 'db.xml' },
};

describe('what dbdevops tells the audit trail', () => {
  let app: RunningDbDevops;
  beforeAll(async () => {
    app = await startDbDevops();
  }, 300_000);
  afterAll(() => app.stop());

  async function taken(): Promise<AuditEventRecord[]> {
    const { body } = await app.send(A, claimAuditEvents, { body: { holder: 'test', limit: 100, leaseMs: 60_000 } });
    const { events } = body as { events: AuditEventRecord[] };
    await app.send(A, acknowledgeAuditEvents, {
      body: { holder: 'test', eventIds: events.map(({ eventId }) => eventId), isLast: true },
    });
    return events;
  }
  const inBrief = (events: readonly AuditEventRecord[]) =>
    events.map(({ action, resourceType, identifier }) => `${action} ${resourceType} ${identifier}`);

  it('holds every change of schemas, instances, images and databases, with who did it and how it looked', async () => {
    const schema = { params: { ...AT, dbschema: 'orders' } };
    const instance = { params: { ...AT, dbschema: 'orders', dbinstance: 'dev' } };
    await app.send(A, atDbdevops(createDbSchema), { params: AT, body: SCHEMA });
    await app.send(A, atDbdevops(updateDbSchema), { ...schema, body: { ...SCHEMA, name: 'All orders' } });
    await app.send(A, atDbdevops(createDbInstance), {
      ...schema,
      body: {
        identifier: 'dev',
        name: 'Dev',
        connector: 'db',
        branch: 'main',
        substituteProperties: { apiToken: 'hunter2hunter2' },
      },
    });
    await app.send(A, atDbdevops(updateDbInstance), {
      ...instance,
      body: { name: 'Dev', connector: 'db2', branch: 'main' },
    });
    await app.send(A, recordStep, {
      body: aReport({ changesets: [outcome('1', 'applied'), outcome('2', 'skipped')] }),
    });
    await app.send(A, recordStep, { body: aReport({ changesets: [outcome('1', 'applied')] }) });
    await app.send(A, atDbdevops(updateImages), { body: [{ field: 'mongoTag', value: 'mine/mongo:1' }] });
    await app.send(A, atDbdevops(deleteDbSchema), { ...schema, query: { forceDelete: true } });
    const events = await taken();
    expect(inBrief(events)).toEqual([
      'create dbSchema orders',
      'update dbSchema orders',
      'create dbInstance dev',
      'update dbInstance dev',
      'apply dbInstance dev',
      'update imageConfig images',
      'delete dbInstance dev',
      'delete dbSchema orders',
    ]);
    expect(events[1]).toMatchObject({
      accountId: 'A',
      orgId: 'default',
      projectId: 'shop',
      changes: ['name'],
      before: { name: 'Orders' },
      after: { name: 'All orders' },
      actor: { type: 'user', email: 'test@a.example' },
      requestMethod: 'PUT',
    });
    expect(events[3]?.changes).toContain('connector');
    expect(events[4]?.details).toMatchObject({
      status: 'succeeded',
      stepExecutionId: 'step-1',
      changesetCount: 1,
      changesets: [{ changeset: 'db/changelog.xml::1::ann', status: 'applied' }],
    });
    expect(events[5]).toMatchObject({
      orgId: null,
      before: { images: {} },
      after: { images: { mongoTag: 'mine/mongo:1' } },
    });
    expect(JSON.stringify(events)).not.toContain('hunter2');
    expect(await taken()).toEqual([]);
  });

  it('holds nothing of what was refused', async () => {
    await app.send(A, atDbdevops(createDbSchema), { params: AT, body: { ...SCHEMA, identifier: 'twice' } });
    await app.send(A, atDbdevops(createDbSchema), { params: AT, body: { ...SCHEMA, identifier: 'twice' } });
    await app.send(A, atDbdevops(deleteDbSchema), { params: { ...AT, dbschema: 'none' } });
    expect(inBrief(await taken())).toEqual(['create dbSchema twice']);
  });

  it('is for NG manager alone', async () => {
    const { status } = await app.send({ ...A, service: 'pipeline' }, claimAuditEvents, {
      body: { holder: 'x', limit: 1, leaseMs: 1_000 },
    });
    expect(status).toBe(403);
  });
});
