import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1&routingId=A1';
const ORG = `${A1}&orgIdentifier=o`;
const PROJECT = `${ORG}&projectIdentifier=p`;
const IN_PROJECT = { orgIdentifier: 'o', projectIdentifier: 'p' };
const SERVICES = '/ng/api/servicesV2';
const ENVIRONMENTS = '/ng/api/environmentsV2';
const INFRASTRUCTURES = '/ng/api/infrastructures';

describe('services, environments and infrastructures', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const environment = (identifier: string, more: object = {}) => ({
    identifier,
    name: identifier,
    ...IN_PROJECT,
    type: 'PreProduction',
    ...more,
  });
  const infrastructure = (identifier: string, environmentRef: string, more: object = {}) => ({
    identifier,
    name: identifier,
    ...IN_PROJECT,
    environmentRef,
    type: 'KubernetesDirect',
    yaml: `infrastructureDefinition:\n  identifier: ${identifier}\n`,
    ...more,
  });
  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    await call('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } });
    for (const identifier of ['p', 'gone'])
      await call('POST', `/ng/api/projects?${ORG}`, { project: { identifier, name: identifier } });
  }, 300_000);
  afterAll(() => ng.stop());

  it('a service is upserted, read, replaced, listed and deleted as it was sent', async () => {
    const yaml =
      'service:\n  name: shop\n  identifier: shop\n  orgIdentifier: o\n  projectIdentifier: p\n  serviceDefinition: { type: Kubernetes, spec: {} }\n';
    const sent = { identifier: 'shop', name: 'Shop', description: 'why', tags: { a: 'b' }, ...IN_PROJECT, yaml };
    const made = await call('PUT', `${SERVICES}/upsert?${A1}`, sent);
    expect(made).toMatchObject({
      status: 200,
      body: {
        data: {
          service: { ...sent, accountId: 'A1', deleted: false, storeType: 'INLINE' },
          createdAt: expect.any(Number),
          lastModifiedAt: expect.any(Number),
        },
      },
    });
    expect((await call('GET', `${SERVICES}/shop?${PROJECT}`)).body.data).toEqual(made.body.data);
    expect((await call('PUT', `${SERVICES}/upsert?${A1}`, { ...sent, name: 'Later' })).body.data.service).toMatchObject(
      { name: 'Later', yaml },
    );
    expect((await call('PUT', `${SERVICES}?${A1}`, { ...sent, tags: {} })).body.data.service).toMatchObject({
      name: 'Shop',
      tags: {},
    });
    expect((await call('GET', `${SERVICES}?${PROJECT}&page=0&size=5&searchTerm=shop`)).body.data).toMatchObject({
      totalItems: 1,
      pageSize: 5,
      content: [{ identifier: 'shop', name: 'Shop', service: { identifier: 'shop' } }],
    });
    expect(await call('POST', `${SERVICES}?${A1}`, sent)).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_FIELD' },
    });
    expect((await call('DELETE', `${SERVICES}/shop?${PROJECT}&forceDelete=true`)).body.data).toBe(true);
    expect(await call('GET', `${SERVICES}/shop?${PROJECT}`)).toMatchObject({
      status: 404,
      body: { code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
    });
    expect((await call('PUT', `${SERVICES}?${A1}`, sent)).status).toBe(404);
  });

  it.each([
    ['account', A1, {}],
    ['org', ORG, { orgIdentifier: 'o' }],
    ['project', PROJECT, IN_PROJECT],
  ] as const)('without YAML one is made of the fields, at the %s', async (level, scope, place) => {
    const made = await call('POST', `${ENVIRONMENTS}?${A1}`, {
      identifier: `env_${level}`,
      name: 'Env',
      tags: { t: '1' },
      color: '#fff',
      type: 'Production',
      ...place,
    });
    expect(made.body.data.environment).toMatchObject({
      identifier: `env_${level}`,
      type: 'Production',
      color: '#fff',
      tags: { t: '1' },
      yaml: expect.stringContaining(`identifier: env_${level}`),
      ...place,
    });
    expect((await call('GET', `${ENVIRONMENTS}/env_${level}?${scope}`)).body.data).toEqual(made.body.data);
    expect(Object.keys(made.body.data.environment).filter((key) => key.endsWith('Identifier'))).toEqual(
      Object.keys(place),
    );
  });

  it('infrastructures have their identifiers inside their environment, which must be there, in the same scope', async () => {
    for (const identifier of ['dev', 'prod']) await call('POST', `${ENVIRONMENTS}?${A1}`, environment(identifier));
    for (const identifier of ['dev', 'prod']) {
      const sent = infrastructure('cluster', identifier, {
        deploymentType: 'Kubernetes',
        description: 'd',
        tags: { x: 'y' },
      });
      expect((await call('POST', `${INFRASTRUCTURES}?${A1}`, sent)).body.data).toMatchObject({ infrastructure: sent });
    }
    const at = `${INFRASTRUCTURES}/cluster?${PROJECT}&environmentIdentifier=`;
    expect(
      (await call('PUT', `${INFRASTRUCTURES}?${A1}`, infrastructure('cluster', 'dev', { name: 'Renamed' }))).body.data
        .infrastructure,
    ).toMatchObject({ name: 'Renamed', environmentRef: 'dev' });
    expect([
      (await call('GET', `${at}dev`)).body.data.infrastructure.name,
      (await call('GET', `${at}prod`)).body.data.infrastructure.name,
    ]).toEqual(['Renamed', 'cluster']);
    expect((await call('GET', `${INFRASTRUCTURES}?${PROJECT}&environmentIdentifier=dev`)).body.data).toMatchObject({
      totalItems: 1,
      content: [{ identifier: 'cluster', type: 'KubernetesDirect' }],
    });
    expect(await call('POST', `${INFRASTRUCTURES}?${A1}`, infrastructure('cluster', 'nowhere'))).toMatchObject({
      status: 400,
      body: { code: 'INVALID_IDENTIFIER_REF', errors: [{ fieldId: 'environmentRef' }] },
    });
    expect(
      await call('POST', `${INFRASTRUCTURES}?${A1}`, infrastructure('cluster', 'account.env_account')),
    ).toMatchObject({ status: 400, body: { code: 'INVALID_IDENTIFIER_REF' } });
    expect(await call('DELETE', `${ENVIRONMENTS}/dev?${PROJECT}`)).toMatchObject({
      status: 400,
      body: { code: 'ENTITY_REFERENCED', message: expect.stringContaining('infrastructure cluster') },
    });
    expect((await call('DELETE', `${ENVIRONMENTS}/dev?${PROJECT}&forceDelete=true`)).body.data).toBe(true);
    expect([(await call('GET', `${at}dev`)).status, (await call('GET', `${at}prod`)).status]).toEqual([404, 200]);
    expect((await call('DELETE', `${at}prod`)).body.data).toBe(true);
  });

  it.each([
    ['no YAML', { yaml: 'service: [' }, 'INVALID_YAML_ERROR'],
    ['another root', { yaml: 'environment: { identifier: bad }' }, 'INVALID_REQUEST'],
    ['another identifier', { yaml: 'service: { identifier: other }' }, 'INVALID_REQUEST'],
    ['another project', { yaml: 'service: { identifier: bad, projectIdentifier: q }' }, 'INVALID_REQUEST'],
  ])('YAML that does not fit is refused: %s', async (_what, more, code) => {
    expect(
      await call('POST', `${SERVICES}?${A1}`, { identifier: 'bad', name: 'bad', ...IN_PROJECT, ...more }),
    ).toMatchObject({ status: 400, body: { code } });
  });

  it('are changed by who administers their scope, read by its viewers, and not there for others', async () => {
    await call('POST', `${SERVICES}?${A1}`, { identifier: 'guarded', name: 'g', ...IN_PROJECT });
    const viewer = ng.as('A1', [{ role: 'viewer', orgId: 'o', projectId: 'p' }]);
    expect((await viewer('GET', `${SERVICES}/guarded?${PROJECT}`)).status).toBe(200);
    expect(
      (await viewer('PUT', `${SERVICES}/upsert?${A1}`, { identifier: 'guarded', name: 'x', ...IN_PROJECT })).status,
    ).toBe(403);
    expect(
      (
        await ng.as('A1', [{ role: 'project_admin', orgId: 'o', projectId: 'p' }])('POST', `${ENVIRONMENTS}?${A1}`, {
          identifier: 'above',
          name: 'x',
          type: 'Production',
        })
      ).status,
    ).toBe(403);
    expect(
      (await ng.as('B1')('GET', `${SERVICES}/guarded?accountIdentifier=B1&orgIdentifier=o&projectIdentifier=p`)).status,
    ).toBe(404);
  });

  it('go with their project, each with an audit event', async () => {
    const gone = { orgIdentifier: 'o', projectIdentifier: 'gone' };
    await call('POST', `${SERVICES}?${A1}`, { identifier: 'lost', name: 's', ...gone });
    await call('POST', `${ENVIRONMENTS}?${A1}`, environment('lost', gone));
    await call('POST', `${INFRASTRUCTURES}?${A1}`, infrastructure('lost', 'lost', gone));
    expect((await call('DELETE', `/ng/api/projects/gone?${ORG}&forceDelete=true`)).status).toBe(200);
    expect(await ng.pg.query(ng.database, `SELECT 1 FROM filing_entities WHERE project_id = 'gone'`)).toEqual([]);
    const events = await ng.pg.query<{ resource_type: string }>(
      ng.database,
      `SELECT resource_type FROM audit_events WHERE resource_identifier = 'lost' AND action = 'delete' ORDER BY resource_type`,
    );
    expect(events.map((event) => event.resource_type)).toEqual(['environment', 'infrastructure', 'service']);
  });
});
