import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEventOf } from '@sluice/audit-outbox';
import { RouteClient } from '@sluice/http';
import { projectScope, waitFor, type RoleGrant } from '@sluice/kernel';
import { authenticateKey, receiveAuditEvents, type AuditDetail, type AuditEvent } from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const ACCOUNT = 'accountIdentifier=A1&routingId=A1';
const SHOP = `${ACCOUNT}&orgIdentifier=default&projectIdentifier=shop`;
const ADMIN_OF_SHOP: readonly RoleGrant[] = [{ role: 'project_admin', orgId: 'default', projectId: 'shop' }];
const RUN = {
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@a1.example' },
  correlationId: 'run',
  origin: { clientAddress: '10.1.2.3' },
} as const;
const jdbc = (password: string) => ({
  connector: {
    identifier: 'db',
    name: 'Db',
    orgIdentifier: 'default',
    projectIdentifier: 'shop',
    type: 'JDBC',
    spec: {
      url: 'jdbc:postgresql://db:5432/orders',
      auth: { type: 'UsernamePassword', spec: { username: 'app', passwordRef: password } },
    },
  },
});
const text = (identifier: string, value: string) => ({
  secret: {
    type: 'SecretText',
    identifier,
    name: identifier,
    orgIdentifier: 'default',
    projectIdentifier: 'shop',
    spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
  },
});

interface Page {
  readonly totalItems: number;
  readonly pageIndex: number;
  readonly content: AuditEvent[];
  readonly pageToken: string | null;
}

describe('the audit trail', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const list = async (filter: object = {}, query = ACCOUNT, as = call): Promise<Page> =>
    (await as('POST', `/ng/api/audits/list?${query}`, { filterType: 'Audit', ...filter })).body.data as Page;
  const inBrief = ({ content }: Page) =>
    content.map(({ action, resource }) => `${action} ${resource.type} ${resource.identifier}`);
  const verify = async (as = call, account = 'A1') =>
    (await as('GET', `/ng/api/audits/verify?accountIdentifier=${account}`)).body.data as {
      ok: boolean;
      checked: number;
    };

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1', undefined, undefined, { clientAddress: '203.0.113.7', userAgent: 'spec/1', keyId: 'key-1' });
    const made = [
      await call('POST', `/ng/api/organizations?${ACCOUNT}`, {
        organization: { identifier: 'default', name: 'Default' },
      }),
      await call('POST', `/ng/api/projects?${ACCOUNT}&orgIdentifier=default`, {
        project: { identifier: 'shop', name: 'Shop' },
      }),
      await call('POST', `/ng/api/projects?${ACCOUNT}&orgIdentifier=default`, {
        project: { identifier: 'other', name: 'Other' },
      }),
      await call('POST', `/ng/api/v2/secrets?${SHOP}`, text('password', 'value-that-is-secret')),
      await call('POST', `/ng/api/v2/secrets?${SHOP}`, text('password2', 'value-that-is-secret')),
      await call('POST', `/ng/api/connectors?${SHOP}`, jdbc('password')),
      await call('PUT', `/ng/api/connectors?${SHOP}`, jdbc('password2')),
      await call('PUT', `/ng/api/v2/secrets/password?${SHOP}`, text('password', 'other-value-that-is-secret')),
    ];
    expect(made.map(({ status }) => status)).toEqual(Array(8).fill(200));
  }, 300_000);
  afterAll(() => ng.stop());

  it('says who did what, when, from where, in the shape clients know', async () => {
    const startedAt = Date.now() - 60_000;
    const { content } = await list({ resources: [{ type: 'CONNECTOR', identifier: 'db' }], actions: ['UPDATE'] });
    expect(content).toHaveLength(1);
    expect(content[0]).toMatchObject({
      resource: { type: 'CONNECTOR', identifier: 'db', labels: { resourceName: 'Db' } },
      resourceScope: { accountIdentifier: 'A1', orgIdentifier: 'default', projectIdentifier: 'shop' },
      action: 'UPDATE',
      module: 'CORE',
      authenticationInfo: {
        principal: { type: 'USER', identifier: 'test@a1.example' },
        labels: { userId: 'user-of-A1', username: 'Test User', keyId: 'key-1' },
      },
      httpRequestInfo: { requestMethod: 'PUT', clientIP: '203.0.113.7' },
      requestMetadata: { clientIP: '203.0.113.7', userAgent: 'spec/1' },
      changes: ['spec.auth.spec.passwordRef'],
    });
    expect(content[0]?.timestamp).toBeGreaterThan(startedAt);
  });

  it('shows one event with its states before and after, as objects and as YAML', async () => {
    const [event] = (await list({ resources: [{ type: 'CONNECTOR' }], actions: ['UPDATE'] })).content;
    const detail = (await call('GET', `/ng/api/audits/${event?.auditId}?${ACCOUNT}`)).body.data as AuditDetail;
    expect([detail.before, detail.after]).toMatchObject([
      { spec: { auth: { spec: { passwordRef: 'password' } } } },
      { spec: { auth: { spec: { passwordRef: 'password2' } } } },
    ]);
    for (const path of [
      `/ng/api/audits/${event?.auditId}/yaml?${ACCOUNT}`,
      `/ng/api/auditYaml?${ACCOUNT}&auditId=${event?.auditId}`,
    ]) {
      const { oldYaml, newYaml } = (await call('GET', path)).body.data as { oldYaml: string; newYaml: string };
      expect(oldYaml).toContain('passwordRef: password\n');
      expect(newYaml).toContain('passwordRef: password2\n');
    }
    const answer = await call('GET', `/ng/api/audits/none?${ACCOUNT}`);
    expect([answer.status, answer.body.message]).toEqual([404, expect.stringContaining('"none"')]);
  });

  it('holds no value of a secret, whichever way it came', async () => {
    const stored = JSON.stringify(await ng.pg.query(ng.database, 'SELECT * FROM audit_events'));
    expect(stored).not.toContain('value-that-is-secret');
    expect(
      (await list({ resources: [{ type: 'SECRET', identifier: 'password' }], actions: ['UPDATE'] })).content[0]
        ?.details,
    ).toMatchObject({ valueChanged: true });
  });

  it('filters by scope, resource, action, principal, time, module and search', async () => {
    expect(inBrief(await list({}, SHOP))).not.toContain('CREATE PROJECT other');
    expect(
      inBrief(
        await list({ scopes: [{ accountIdentifier: 'A1', orgIdentifier: 'default', projectIdentifier: 'other' }] }),
      ),
    ).toEqual(['CREATE PROJECT other']);
    expect(
      inBrief(
        await list(
          { scopes: [{ accountIdentifier: 'A1', orgIdentifier: 'default', projectIdentifier: 'other' }] },
          SHOP,
        ),
      ),
    ).toEqual([]);
    expect(inBrief(await list({ resources: [{ type: 'SECRET', identifier: 'password2' }] }))).toEqual([
      'CREATE SECRET password2',
    ]);
    expect(inBrief(await list({ actions: ['CREATE'], resources: [{ type: 'PROJECT' }], searchTerm: 'hop' }))).toEqual([
      'CREATE PROJECT shop',
    ]);
    expect(
      (await list({ principals: [{ type: 'USER', identifier: 'test@a1.example' }] })).totalItems,
    ).toBeGreaterThanOrEqual(8);
    expect((await list({ principals: [{ type: 'USER', identifier: 'somebody@else' }] })).totalItems).toBe(0);
    expect((await list({ modules: ['PIPELINE'] })).totalItems).toBe(0);
    expect((await list({ endTime: 1_000 })).totalItems).toBe(0);
    expect((await list({ startTime: String(Date.now() + 60_000) })).totalItems).toBe(0);
    expect((await list({ searchTerm: '%' })).totalItems).toBe(0);
    expect((await call('POST', `/ng/api/audits/list?${ACCOUNT}`)).status).toBe(200);
    expect((await call('POST', `/ng/api/audits/list?${ACCOUNT}`, { startTime: 'x' })).body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ fieldId: 'startTime' }],
    });
  });

  it('pages by position: what is added meanwhile moves nothing', async () => {
    const all = await list({}, `${ACCOUNT}&pageSize=1000`);
    const seen: number[] = [];
    let token: string | null = '';
    while (token !== null) {
      const page: Page = await list({}, `${ACCOUNT}&pageSize=3${token === '' ? '' : `&pageToken=${token}`}`);
      if (token === '')
        await call('PUT', `/ng/api/organizations/default?${ACCOUNT}`, {
          organization: { identifier: 'default', name: 'Renamed' },
        });
      seen.push(...page.content.map(({ position }) => position));
      token = page.pageToken;
    }
    expect(seen).toEqual(all.content.map(({ position }) => position));
    const second = await list({}, `${ACCOUNT}&pageSize=3&pageIndex=1`);
    expect([second.pageIndex, second.totalItems, second.content.length]).toEqual([1, all.totalItems + 1, 3]);
    const oldest = await list({}, `${ACCOUNT}&pageSize=2&sortOrders=timestamp,ASC`);
    expect(oldest.content.map(({ position }) => position)).toEqual([1, 2]);
    expect((await call('POST', `/ng/api/audits/list?${ACCOUNT}&pageSize=1000&pageIndex=10`, {})).body).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('pageToken'),
    });
  });

  it('shows the admin of a project the events of that project only, and others nothing', async () => {
    const admin = ng.as('A1', ADMIN_OF_SHOP);
    const seen = await list({}, ACCOUNT, admin);
    expect(new Set(seen.content.map(({ resourceScope }) => resourceScope.projectIdentifier))).toEqual(
      new Set(['shop']),
    );
    expect(await list({}, SHOP, admin)).toMatchObject({ totalItems: seen.totalItems });
    const [elsewhere] = (await list({ resources: [{ type: 'PROJECT', identifier: 'other' }] })).content;
    expect((await admin('GET', `/ng/api/audits/${elsewhere?.auditId}?${ACCOUNT}`)).status).toBe(404);
    expect(
      (await admin('POST', `/ng/api/audits/list?${ACCOUNT}&orgIdentifier=default&projectIdentifier=other`, {})).status,
    ).toBe(403);
    for (const query of [ACCOUNT, SHOP])
      expect((await admin('GET', `/ng/api/audits/verify?${query}`)).status).toBe(403);
    expect((await ng.as('A1', [{ role: 'viewer' }])('POST', `/ng/api/audits/list?${ACCOUNT}`, {})).status).toBe(403);
  });

  it('shows nothing of another account', async () => {
    const [event] = (await list()).content;
    const other = ng.as('B1');
    expect((await other('POST', `/ng/api/audits/list?${ACCOUNT}`, {})).status).toBe(403);
    expect(
      (await other('POST', '/ng/api/audits/list?accountIdentifier=B1', { scopes: [{ accountIdentifier: 'A1' }] }))
        .status,
    ).toBe(403);
    expect((await other('GET', `/ng/api/audits/${event?.auditId}?accountIdentifier=B1`)).status).toBe(404);
    expect(
      (await list({}, 'accountIdentifier=B1', other)).content.every(
        ({ resourceScope }) => resourceScope.accountIdentifier === 'B1',
      ),
    ).toBe(true);
  });

  it('outlives what it tells of: a project that goes leaves an event for everything that went with it', async () => {
    await call('POST', `/ng/api/projects?${ACCOUNT}&orgIdentifier=default`, {
      project: { identifier: 'gone', name: 'Gone' },
    });
    const at = `${ACCOUNT}&orgIdentifier=default&projectIdentifier=gone`;
    await call('POST', `/ng/api/v2/secrets?${at}`, {
      secret: { ...text('s', 'value-that-is-secret').secret, projectIdentifier: 'gone' },
    });
    expect((await call('DELETE', `/ng/api/projects/gone?${ACCOUNT}&orgIdentifier=default`)).status).toBe(200);
    const page = await list({
      actions: ['DELETE'],
      scopes: [{ accountIdentifier: 'A1', orgIdentifier: 'default', projectIdentifier: 'gone' }],
    });
    expect(inBrief(page)).toEqual(['DELETE PROJECT gone', 'DELETE SECRET s']);
    expect(page.content[1]?.details).toEqual({ isRemovedWith: 'project gone' });
    expect((await call('GET', `/ng/api/audits/${page.content[0]?.auditId}?${ACCOUNT}`)).body.data.before).toMatchObject(
      { name: 'Gone' },
    );
  });

  it('holds users, groups, service accounts, roles and rotated tokens as they were before and after', async () => {
    const states = async (type: string, identifier: string) => {
      const { content } = await list({ resources: [{ type, identifier }] });
      const details = await Promise.all(
        content.map(
          async ({ auditId }) => (await call('GET', `/ng/api/audits/${auditId}?${ACCOUNT}`)).body.data as AuditDetail,
        ),
      );
      return details.map(({ action, before, after }) => [action, before, after]).reverse();
    };
    const data = async (method: string, path: string, body?: unknown) =>
      (await call(method, `${path}${path.includes('?') ? '&' : '?'}${ACCOUNT}`, body)).body.data;
    const { uuid } = await data('POST', '/ng/api/user', { email: 'eve@a1.example', name: 'Eve' });
    await data('POST', '/ng/api/user-groups', { identifier: 'crew', name: 'Crew', users: [] });
    await data('PUT', `/ng/api/user-groups/crew/member/${uuid}`);
    const robot = { identifier: 'robot', name: 'Robot', email: 'robot@service.sluice', accountIdentifier: 'A1' };
    await data('POST', '/ng/api/serviceaccount', robot);
    await data('PUT', '/ng/api/serviceaccount/robot', { ...robot, name: 'Renamed' });
    await data('POST', '/ng/api/role-assignments', {
      identifier: 'watch',
      roleIdentifier: '_viewer',
      principal: { identifier: uuid, type: 'USER' },
    });
    await data('DELETE', '/ng/api/role-assignments/watch');
    const owner = { apiKeyType: 'SERVICE_ACCOUNT', parentIdentifier: 'robot', accountIdentifier: 'A1' };
    await data('POST', '/ng/api/apikey', { identifier: 'k', name: 'K', ...owner });
    const value = await data('POST', '/ng/api/token', {
      identifier: 'turned',
      name: 'Turned',
      apiKeyIdentifier: 'k',
      ...owner,
    });
    const rotated = await data(
      'POST',
      '/ng/api/token/rotate/turned?apiKeyType=SERVICE_ACCOUNT&parentIdentifier=robot&apiKeyIdentifier=k',
    );
    expect([typeof value, typeof rotated]).toEqual(['string', 'string']);

    expect(await states('USER', uuid)).toMatchObject([['CREATE', null, { name: 'Eve' }]]);
    expect(await states('USER_GROUP', 'crew')).toMatchObject([
      ['CREATE', null, { users: [] }],
      ['UPDATE', { users: [] }, { users: [uuid] }],
    ]);
    expect(await states('SERVICE_ACCOUNT', 'robot')).toMatchObject([
      ['CREATE', null, { name: 'Robot' }],
      ['UPDATE', { name: 'Robot' }, { name: 'Renamed' }],
    ]);
    expect(await states('ROLE_ASSIGNMENT', 'watch')).toMatchObject([
      ['CREATE', null, { roleIdentifier: '_viewer' }],
      ['DELETE', { principal: { identifier: uuid } }, null],
    ]);
    const tokens = await states('TOKEN', 'turned');
    expect(tokens).toMatchObject([
      ['CREATE', null, { identifier: 'turned' }],
      ['UPDATE', { identifier: 'turned', valid: true }, { identifier: 'turned', valid: true }],
    ]);
    for (const secret of [value, rotated]) expect(JSON.stringify(tokens)).not.toContain(String(secret).split('.')[3]);
  });

  it('has an event of every kind of change, and none of what was refused', async () => {
    await call('PUT', `/ng/api/settings?${ACCOUNT}`, [
      { identifier: 'upload_logs_via_harness', value: 'true', updateType: 'UPDATE' },
      { identifier: 'none', value: 'x', updateType: 'UPDATE' },
    ]);
    expect((await list({ resources: [{ type: 'SETTING' }] })).content).toMatchObject([
      { action: 'UPDATE', changes: expect.arrayContaining(['value']) },
    ]);
    await call('POST', `/ng/api/delegate-token-ng?${ACCOUNT}&tokenName=mine`);
    expect(inBrief(await list({ resources: [{ type: 'DELEGATE_TOKEN', identifier: 'mine' }] }))).toEqual([
      'CREATE DELEGATE_TOKEN mine',
    ]);
    const before = (await list()).totalItems;
    await call('POST', `/ng/api/organizations?${ACCOUNT}`, { organization: { identifier: 'default', name: 'Again' } });
    await call('DELETE', `/ng/api/connectors/none?${SHOP}`);
    await call('DELETE', `/ng/api/v2/secrets/password2?${SHOP}`);
    expect((await list()).totalItems).toBe(before);
  });

  it('tells of refused sign-ins: the first of a minute at once, the rest with their number, no unknown account, no key', async () => {
    const gateway = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('gateway'),
    });
    const ctx = { ...testUser('A1'), correlationId: 'c', traceparent: undefined };
    const tokenId = ng.apiKeys.A1.split('.')[2] ?? '';
    const tries = async (apiKey: string, clientAddress: string) =>
      expect(
        gateway.call(ctx, authenticateKey, { body: { apiKey, clientAddress, userAgent: 'curl/8' } }),
      ).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    // What is counted together is what comes within one minute of the clock.
    await waitFor(() => new Date().getUTCSeconds() < 25, { timeoutMs: 120_000, what: 'a minute that has just begun' });
    await tries(`pat.A1.${tokenId}.wrong-secret-0123456789`, '198.51.100.1');
    for (let index = 0; index < 5; index += 1) await tries(`pat.A1.${tokenId}.wrong-secret-0123456789`, '198.51.100.1');
    for (let index = 0; index < 20; index += 1)
      await tries(`pat.A1.guess${index}.wrong-secret-0123456789`, '198.51.100.2');
    await tries('pat.NOBODY.x.wrong-secret-0123456789', '198.51.100.3');
    const refused = async () => (await list({ actions: ['UNSUCCESSFUL_LOGIN'] })).content;
    const first = await refused();
    expect(
      first.map(({ requestMetadata, resource, details, authenticationInfo }) => [
        requestMetadata.clientIP,
        resource.identifier,
        details['count'],
        authenticationInfo.principal.type,
      ]),
    ).toEqual([
      ['198.51.100.2', 'unknown', 1, 'ANONYMOUS'],
      ['198.51.100.1', tokenId, 1, 'ANONYMOUS'],
    ]);
    await ng.pg.query(ng.database, `UPDATE refused_sign_ins SET minute = minute - interval '1 hour'`);
    const all = await waitFor(
      async () => {
        const events = await refused();
        return events.length >= 4 && events;
      },
      { timeoutMs: 120_000, what: 'the minute to be closed' },
    );
    expect(
      all
        .slice(0, 2)
        .map(({ requestMetadata, details }) => [requestMetadata.clientIP, details['count'], details['code']])
        .sort(),
    ).toEqual([
      ['198.51.100.1', 5, 'INVALID_TOKEN'],
      ['198.51.100.2', 19, 'INVALID_TOKEN'],
    ]);
    expect(await ng.pg.query(ng.database, `SELECT 1 FROM audit_events WHERE account_id = 'NOBODY'`)).toEqual([]);
    expect(JSON.stringify(await ng.pg.query(ng.database, 'SELECT * FROM audit_events'))).not.toContain('wrong-secret');
    await gateway.close();
  });

  it('names the user of a key that is right but may not be used any more', async () => {
    const gateway = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('gateway'),
    });
    const ctx = { ...testUser('B1'), correlationId: 'c', traceparent: undefined };
    await ng.pg.query(ng.database, `UPDATE users SET is_disabled = true WHERE account_id = 'B1'`);
    try {
      await expect(
        gateway.call(ctx, authenticateKey, { body: { apiKey: ng.apiKeys.B1, clientAddress: '198.51.100.9' } }),
      ).rejects.toMatchObject({ code: 'REVOKED_TOKEN' });
    } finally {
      await ng.pg.query(ng.database, `UPDATE users SET is_disabled = false WHERE account_id = 'B1'`);
    }
    const [event] = (await list({ actions: ['UNSUCCESSFUL_LOGIN'] }, 'accountIdentifier=B1', ng.as('B1'))).content;
    expect(event).toMatchObject({
      authenticationInfo: { principal: { type: 'USER', identifier: 'admin@b1.example' } },
      details: { code: 'REVOKED_TOKEN' },
    });
    await gateway.close();
  });

  it('takes events of the pipeline service once, from nobody else', async () => {
    const pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
    const ctx = { ...testUser('A1'), correlationId: 'c', traceparent: undefined };
    const events = ['start', 'end'].map((action) =>
      auditEventOf(RUN, {
        action,
        resourceType: 'pipelineExecution',
        identifier: 'run-1',
        scope: projectScope('A1', 'default', 'shop'),
      }),
    );
    for (let delivery = 0; delivery < 3; delivery += 1)
      expect(await pipeline.call(ctx, receiveAuditEvents, { body: { events } })).toEqual({ received: 2 });
    const { content } = await list({ resources: [{ type: 'PIPELINE_EXECUTION', identifier: 'run-1' }] });
    expect(content).toMatchObject([
      { action: 'END', module: 'PIPELINE', requestMetadata: { clientIP: '10.1.2.3' } },
      { action: 'START' },
    ]);
    expect((await call('POST', '/ng/api/internal/audit-events', { events })).status).toBe(403);
    await pipeline.close();
  });

  it('fetches events of dbdevops, once each, also when an acknowledgement was lost', async () => {
    const events = ['a', 'b', 'c'].map((identifier) =>
      auditEventOf(RUN, {
        action: 'create',
        resourceType: 'dbSchema',
        identifier,
        scope: projectScope('A1', 'default', 'shop'),
        after: { name: identifier },
      }),
    );
    ng.dbdevops.loseAcknowledgements = 2;
    ng.dbdevops.auditEvents.push(...events);
    const found = await waitFor(
      async () => {
        const page = await list({ resources: [{ type: 'DB_SCHEMA' }], modules: ['DBOPS'] });
        return page.totalItems >= 3 && ng.dbdevops.auditEvents.length === 0 && page;
      },
      { timeoutMs: 120_000, what: 'events of dbdevops' },
    );
    expect(inBrief(found)).toEqual(['CREATE DB_SCHEMA c', 'CREATE DB_SCHEMA b', 'CREATE DB_SCHEMA a']);
  });

  it('is whole at the end of all this, for each account', async () => {
    expect(await verify()).toMatchObject({ ok: true, checked: (await list()).totalItems });
    expect(await verify(ng.as('B1'), 'B1')).toMatchObject({ ok: true });
  });
});
