import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RouteInput } from '@sluice/api-conventions';
import { RouteClient } from '@sluice/http';
import type { RoleGrant } from '@sluice/kernel';
import { recordEntityUses } from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

type Uses = RouteInput<typeof recordEntityUses>['body'];

const A1 = 'accountIdentifier=A1';
const ORG = `${A1}&orgIdentifier=o`;
const PROJECT = `${ORG}&projectIdentifier=p`;
const IN_ORG = { orgIdentifier: 'o' };
const IN_PROJECT = { ...IN_ORG, projectIdentifier: 'p' };
const SCHEMAS = '/v1/orgs/o/projects/p/dbschema';
const PLACES = [
  ['', PROJECT, IN_PROJECT],
  ['org.', ORG, IN_ORG],
  ['account.', A1, {}],
] as const;
const ADMIN: RoleGrant = { role: 'project_admin', orgId: 'o', projectId: 'p' };
const ABOVE: Readonly<Record<string, readonly RoleGrant[]>> = {
  '': [],
  'org.': [{ role: 'viewer', orgId: 'o' }],
  'account.': [{ role: 'viewer' }],
};

describe('what is filed under services, environments and infrastructures', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  let pipeline: RouteClient;
  const schema = (identifier: string, service: string) => ({
    identifier,
    name: identifier,
    changelog: { repo: 'r', location: 'db.xml' },
    service,
  });
  const instance = (identifier: string, environment: string) => ({
    identifier,
    name: identifier,
    connector: 'db',
    branch: 'main',
    environment,
  });
  const record = (uses: Uses['uses'], mode: Uses['mode'], over: Partial<Uses> = {}) =>
    pipeline.call({ ...testUser('A1'), correlationId: 'c', traceparent: undefined }, recordEntityUses, {
      body: {
        accountId: 'A1',
        orgId: 'o',
        projectId: 'p',
        user: { kind: 'pipeline', identifier: 'deploy' },
        mode,
        uses,
        ...over,
      },
    });

  beforeAll(async () => {
    ng = await startNgManager();
    pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
    call = ng.as('A1');
    const made = [
      await call('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } }),
      await call('POST', `/ng/api/projects?${ORG}`, { project: { identifier: 'p', name: 'P' } }),
      await call('POST', `/ng/api/connectors?${PROJECT}`, {
        connector: {
          identifier: 'db',
          name: 'db',
          type: 'JDBC',
          spec: {
            url: 'jdbc:postgresql://h/d',
            auth: { type: 'InheritFromDelegate', spec: { username: 'u' } },
            delegateSelectors: ['d'],
          },
        },
      }),
    ];
    for (const [, , place] of PLACES) {
      made.push(await call('POST', `/ng/api/servicesV2?${A1}`, { identifier: 'shop', name: 'shop', ...place }));
      made.push(
        await call('POST', `/ng/api/environmentsV2?${A1}`, {
          identifier: 'prod',
          name: 'prod',
          type: 'Production',
          ...place,
        }),
      );
      made.push(
        await call('POST', `/ng/api/infrastructures?${A1}`, {
          identifier: 'cluster',
          name: 'cluster',
          environmentRef: 'prod',
          type: 'KubernetesDirect',
          ...place,
        }),
      );
    }
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 200));
  }, 300_000);
  afterAll(async () => {
    await pipeline.close();
    await ng.stop();
  });

  it.each(PLACES.map(([prefix]) => prefix))(
    'a DB instance names an environment "%s…" that is there and that its writer may see, and is refused with field, value and remedy otherwise',
    async (prefix) => {
      const as = ng.as('A1', [ADMIN, ...(ABOVE[prefix] ?? [])]);
      expect((await as('POST', `${SCHEMAS}/orders/instance`, instance('dev', `${prefix}prod`))).status).toBe(201);
      expect((await as('PUT', `${SCHEMAS}/orders/instance/dev`, { environment: `${prefix}prod` })).status).toBe(200);
      const refused = await as('POST', `${SCHEMAS}/orders/instance`, instance('dev', `${prefix}nowhere`));
      expect([refused.status, refused.body.message]).toEqual([
        400,
        expect.stringMatching(/environment: there is no environment "nowhere" in .* that .* may use; create it first/),
      ]);
      expect((await as('PUT', `${SCHEMAS}/orders/instance/dev`, { environment: `${prefix}nowhere` })).status).toBe(400);
      if (prefix === '') return;
      const unseen = await ng.as('A1', [ADMIN])('POST', `${SCHEMAS}/orders/instance`, instance('dev', `${prefix}prod`));
      expect([unseen.status, unseen.body.message]).toEqual([
        400,
        expect.stringMatching(/there is no environment "prod" in .* give you the role Viewer there/),
      ]);
    },
  );

  it.each(['orders_service', 'any text at all', 'org.apache.orders', '<+input>', 'nowhere'])(
    'a DB schema keeps "%s", which names no service, as existing clients send it',
    async (service) => {
      expect((await call('POST', SCHEMAS, schema('free', service))).status).toBe(201);
      expect((await call('PUT', `${SCHEMAS}/free`, { service })).status).toBe(200);
    },
  );

  it.each(['org.', 'account.'])(
    'a DB schema names a service "%s…" of a scope above only when it is there and its writer may see it',
    async (prefix) => {
      expect(
        (await ng.as('A1', [ADMIN, ...(ABOVE[prefix] ?? [])])('POST', SCHEMAS, schema('filed', `${prefix}shop`)))
          .status,
      ).toBe(201);
      for (const grants of [[ADMIN], [ADMIN, ...(ABOVE[prefix] ?? [])]]) {
        const refused = await ng.as('A1', grants)('POST', SCHEMAS, schema('filed', `${prefix}nowhere`));
        expect([refused.status, refused.body.message]).toEqual([
          400,
          expect.stringContaining('service: there is no service "nowhere"'),
        ]);
      }
      expect((await ng.as('A1', [ADMIN])('PUT', `${SCHEMAS}/filed`, { service: `${prefix}shop` })).status).toBe(400);
    },
  );

  it.each(PLACES)(
    'nothing goes while DB schemas, instances or documents are filed under it ("%s…"): the error names them, and forceDelete takes it',
    async (prefix, scope, place) => {
      const made = [
        await call('POST', `/ng/api/servicesV2?${A1}`, { identifier: 'held', name: 'held', ...place }),
        await call('POST', `/ng/api/environmentsV2?${A1}`, {
          identifier: 'held',
          name: 'held',
          type: 'Production',
          ...place,
        }),
        await call('POST', `/ng/api/infrastructures?${A1}`, {
          identifier: 'inner',
          name: 'inner',
          environmentRef: 'held',
          type: 'KubernetesDirect',
          ...place,
        }),
      ];
      expect(made.map(({ status }) => status)).toEqual([200, 200, 200]);
      const addresses = {
        service: `/ng/api/servicesV2/held?${scope}`,
        environment: `/ng/api/environmentsV2/held?${scope}`,
        infrastructure: `/ng/api/infrastructures/inner?${scope}&environmentIdentifier=held`,
      };
      const refusal = async (kind: keyof typeof addresses) => {
        const { status, body } = await call('DELETE', addresses[kind]);
        return [status, body.code, body.message];
      };
      await record(
        [
          { kind: 'infrastructure', ref: `${prefix}held/inner` },
          { kind: 'environment', ref: `${prefix}held` },
        ],
        'add',
      );
      expect(await refusal('infrastructure')).toEqual([
        400,
        'ENTITY_REFERENCED',
        expect.stringContaining(
          'infrastructure "inner" is used by pipeline deploy (project A1/o/p); change or delete them first',
        ),
      ]);
      ng.dbdevops.filed.set(`service ${prefix}held`, [
        { kind: 'dbschema', orgId: 'o', projectId: 'p', identifier: 'orders' },
      ]);
      ng.dbdevops.filed.set(`environment ${prefix}held`, [
        { kind: 'dbinstance', orgId: 'o', projectId: 'p', identifier: 'dev' },
      ]);
      expect(await refusal('service')).toEqual([
        400,
        'ENTITY_REFERENCED',
        expect.stringContaining('service "held" is used by dbschema o/p/orders; change'),
      ]);
      expect(await refusal('environment')).toEqual([
        400,
        'ENTITY_REFERENCED',
        expect.stringContaining(
          'environment "held" is used by infrastructure inner, dbinstance o/p/dev, pipeline deploy (project A1/o/p); change',
        ),
      ]);
      for (const kind of ['service', 'environment'] as const)
        expect((await call('DELETE', `${addresses[kind]}&forceDelete=true`)).body.data).toBe(true);
      await record([], 'replace');
      ng.dbdevops.filed.clear();
    },
  );

  it('documents name what is there, in exactly the scope they mean; a check records nothing', async () => {
    for (const [prefix] of PLACES) {
      const there = [
        { kind: 'service', ref: `${prefix}shop` },
        { kind: 'environment', ref: `${prefix}prod` },
        { kind: 'infrastructure', ref: `${prefix}prod/cluster` },
      ] as const;
      expect(await record([...there], 'check')).toEqual({ recorded: 0 });
      for (const use of there) {
        await expect(
          record([{ ...use, ref: use.ref.replace(/shop|prod$|cluster/, 'nowhere'), field: 'pipeline.x' }], 'add'),
        ).rejects.toMatchObject({
          code: 'INVALID_IDENTIFIER_REF',
          message: expect.stringContaining(`pipeline.x: there is no ${use.kind} "`),
        });
      }
    }
    expect(await ng.pg.query(ng.database, `SELECT 1 FROM entity_uses WHERE user_identifier = 'deploy'`)).toEqual([]);
    await expect(record([{ kind: 'environment', ref: 'prod' }], 'check', { accountId: 'B1' })).resolves.toEqual({
      recorded: 0,
    });
    expect(await record([{ kind: 'environment', ref: 'gone_since' }], 'replace')).toEqual({ recorded: 1 });
    await record([], 'replace');
  });

  it('of another account with the same names is not found and holds nothing', async () => {
    const other = ng.as('B1');
    await other('POST', '/ng/api/organizations?accountIdentifier=B1', { organization: { identifier: 'o', name: 'O' } });
    await other('POST', '/ng/api/projects?accountIdentifier=B1&orgIdentifier=o', {
      project: { identifier: 'p', name: 'P' },
    });
    await expect(record([{ kind: 'service', ref: 'account.shop' }], 'add', { accountId: 'B1' })).rejects.toMatchObject({
      code: 'INVALID_IDENTIFIER_REF',
    });
    await other('POST', '/ng/api/servicesV2?accountIdentifier=B1', { identifier: 'lone', name: 'lone' });
    await call('POST', `/ng/api/servicesV2?${A1}`, { identifier: 'lone', name: 'lone' });
    await record([{ kind: 'service', ref: 'account.lone' }], 'add', { accountId: 'B1' });
    expect((await call('DELETE', `/ng/api/servicesV2/lone?${A1}`)).body.data).toBe(true);
  });

  describe('their YAML', () => {
    const yamlOf = (lines: string) => ({
      yaml: `service:\n  identifier: named\n  serviceDefinition:\n    spec:\n      ${lines}\n`,
    });
    const save = (lines: string, as = call) =>
      as('PUT', `/ng/api/servicesV2/upsert?${A1}`, {
        identifier: 'named',
        name: 'named',
        ...IN_PROJECT,
        ...yamlOf(lines),
      });
    const secret = (scope: string) =>
      call('POST', `/ng/api/v2/secrets?${scope}`, {
        secret: {
          type: 'SecretText',
          identifier: 'token',
          name: 'token',
          spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'v' },
        },
      });

    it('names connectors and secrets that are there and that its writer may use; they are held, and free again when it is changed', async () => {
      for (const scope of [PROJECT, A1]) expect((await secret(scope)).status).toBe(200);
      for (const [lines, field] of [
        ['connectorRef: nowhere', 'connectorRef'],
        ['secretRef: nowhere', 'secretRef'],
        ['x: <+secrets.getValue("nowhere")>', 'x'],
        ['v: { name: v, type: Secret, value: nowhere }', 'v.value'],
      ] as const) {
        const refused = await save(lines);
        expect([refused.status, refused.body.message]).toEqual([
          400,
          expect.stringMatching(
            new RegExp(
              `yaml: service\\.serviceDefinition\\.spec\\.${field.replace('.', '\\.')}: there is no (connector|secret) "nowhere" in project A1/o/p`,
            ),
          ),
        ]);
      }
      expect((await save('x: <+secrets.getValue("account.token")>', ng.as('A1', [ADMIN]))).status).toBe(400);
      expect(
        (await save('x: <+secrets.getValue("account.token")>', ng.as('A1', [ADMIN, { role: 'resource_user' }]))).status,
      ).toBe(200);
      expect(await call('DELETE', `/ng/api/v2/secrets/token?${A1}`)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('is used by service named (project A1/o/p)') },
      });
      expect((await save('connectorRef: db')).status).toBe(200);
      expect((await call('DELETE', `/ng/api/v2/secrets/token?${A1}`)).status).toBe(200);
      expect(await call('DELETE', `/ng/api/connectors/db?${PROJECT}`)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('service named (project A1/o/p)') },
      });
      expect((await save('connectorRef: <+input>')).status).toBe(200);
      expect((await call('DELETE', `/ng/api/servicesV2/named?${PROJECT}`)).body.data).toBe(true);
    });

    it('holds nothing once it is deleted, also when it goes with its environment', async () => {
      expect((await secret(ORG)).status).toBe(200);
      await call('POST', `/ng/api/environmentsV2?${A1}`, {
        identifier: 'outer',
        name: 'outer',
        type: 'Production',
        ...IN_ORG,
      });
      const yaml = 'infrastructureDefinition:\n  identifier: inner\n  spec:\n    sshKeyRef: token\n';
      expect(
        (
          await call('POST', `/ng/api/infrastructures?${A1}`, {
            identifier: 'inner',
            name: 'inner',
            environmentRef: 'outer',
            type: 'Pdc',
            yaml,
            ...IN_ORG,
          })
        ).status,
      ).toBe(200);
      expect(await call('DELETE', `/ng/api/v2/secrets/token?${ORG}`)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('infrastructure outer/inner (org A1/o)') },
      });
      expect((await call('DELETE', `/ng/api/environmentsV2/outer?${ORG}&forceDelete=true`)).body.data).toBe(true);
      expect((await call('DELETE', `/ng/api/v2/secrets/token?${ORG}`)).body.data).toBe(true);
    });
  });

  it.each(PLACES.map(([prefix, scope]) => ({ prefix, scope })))(
    'a variable that a document names ("$prefix…") is not deleted, and with forceDelete it is',
    async ({ prefix, scope }) => {
      const variable = {
        identifier: 'tag',
        name: 'tag',
        type: 'String',
        spec: { valueType: 'FIXED', fixedValue: 'v1' },
      };
      const make = () => call('POST', `/ng/api/variables?${scope}`, { variable });
      const remove = (more = '') => call('DELETE', `/ng/api/variables/tag?${scope}${more}`);
      expect((await make()).status).toBe(200);
      await record([{ kind: 'variable', ref: `${prefix}tag` }], 'add', {
        user: { kind: 'inputSet', identifier: 'deploy/nightly' },
      });
      expect(await remove()).toMatchObject({
        status: 400,
        body: {
          code: 'ENTITY_REFERENCED',
          message:
            'variable "tag" is used by inputSet deploy/nightly (project A1/o/p); change or delete them first, or send forceDelete=true',
        },
      });
      expect((await remove('&forceDelete=true')).body.data).toBe(true);
      await record([], 'replace', { user: { kind: 'inputSet', identifier: 'deploy/nightly' } });
      expect((await make()).status).toBe(200);
      expect((await remove()).body.data).toBe(true);
    },
  );
});
