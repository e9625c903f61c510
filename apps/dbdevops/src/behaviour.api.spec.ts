import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  atDbdevops,
  changesetExistence,
  changesetSql,
  changesetYaml,
  createDbInstance,
  createDbSchema,
  customOperations,
  dbSchemaOverview,
  defaultAuthoringInstance,
  deleteDbInstance,
  deleteDbSchema,
  deleteDbSchemasOfProject,
  deployedState,
  flywaySchemaMigrationState,
  getCustomerImages,
  getDbInstance,
  getDbSchema,
  instanceMigrationState,
  listDbInstances,
  listDbSchemas,
  parseMigrationLog,
  pinImage,
  recordStep,
  resetImages,
  schemaMigrationState,
  stepPluginInputs,
  stepPluginResponse,
  stepSchemaAndInstances,
  updateDbInstance,
  updateDbSchema,
  updateImages,
  usesOfEntity,
} from '@sluice/dbdevops-api';
import type { RouteDefinition } from '@sluice/api-conventions';
import { projectScope } from '@sluice/kernel';
import { parentIdOf } from './db-schema/db-schema.js';
import { ACCOUNT, PROJECT, resetFixture } from './testing/fixture.js';
import { aReport, inHistory } from './testing/reports.js';
import { startDbDevops, type RunningDbDevops, type TestReply, type TestRequest } from './testing/running-dbdevops.js';

const orders = { ...PROJECT, dbschema: 'orders' };
const dev = { ...orders, dbinstance: 'dev' };
const project = { orgId: PROJECT.org, projectId: PROJECT.project };

describe('dbdevops', () => {
  let app: RunningDbDevops;
  beforeAll(async () => {
    app = await startDbDevops();
  }, 300_000);
  afterAll(() => app.stop());
  beforeEach(() => resetFixture(app));

  const send = (route: RouteDefinition, request: TestRequest): Promise<TestReply> =>
    app.send({ accountId: ACCOUNT }, route.path.startsWith('/dbdevops') ? route : atDbdevops(route), request);
  const identifiers = async (route: RouteDefinition, request: TestRequest): Promise<string[]> =>
    ((await send(route, request)).body as { identifier: string }[]).map(({ identifier }) => identifier);

  describe('lists', () => {
    it('sort by creation, newest first, unless told otherwise', async () => {
      expect(await identifiers(listDbSchemas, { params: PROJECT })).toEqual(['empty', 'fly', 'orders']);
      expect(await identifiers(listDbSchemas, { params: PROJECT, query: { order: 'ASC' } })).toEqual([
        'orders',
        'fly',
        'empty',
      ]);
      expect(await identifiers(listDbInstances, { params: orders, query: { sort: 'name', order: 'ASC' } })).toEqual([
        'dev',
        'prod',
      ]);
    });

    it('sort by the last change', async () => {
      await send(updateDbSchema, { params: orders, body: { name: 'Orders again' } });
      expect(await identifiers(listDbSchemas, { params: PROJECT, query: { sort: 'updated', limit: 1 } })).toEqual([
        'orders',
      ]);
    });

    it('page with the total in headers, also behind the last page', async () => {
      const reply = await send(listDbSchemas, { params: PROJECT, query: { page: 7, limit: 2 } });
      expect(reply.body).toEqual([]);
      expect(['x-total-elements', 'x-page-number', 'x-page-size'].map((name) => reply.headers.get(name))).toEqual([
        '3',
        '7',
        '2',
      ]);
    });

    it('search in name and identifier, ignoring case, taking every character for itself', async () => {
      const search = (search_term: string) => identifiers(listDbSchemas, { params: PROJECT, query: { search_term } });
      expect(await search('RDER')).toEqual(['orders']);
      expect(await search('')).toHaveLength(3);
      for (const wildcard of ['%', '_', '\\', "'"]) expect(await search(wildcard)).toEqual([]);
    });

    it('keep schemas of one migration type', async () => {
      expect(await identifiers(listDbSchemas, { params: PROJECT, query: { migrationType: 'Flyway' } })).toEqual([
        'fly',
      ]);
    });

    it('filter instances by tags, equal or not', async () => {
      const filtered = (body: object) =>
        identifiers(listDbInstances, { params: orders, query: { order: 'ASC' }, body });
      expect(await filtered({ instanceTags: [{ key: 'env', value: 'dev' }] })).toEqual(['dev']);
      expect(await filtered({ filterType: 'NotEquals', instanceTags: [{ key: 'env', value: 'dev' }] })).toEqual([
        'prod',
      ]);
      expect(await filtered({ instanceTags: [{ key: 'env', value: null }] })).toEqual(['dev', 'prod']);
      expect(await filtered({ instanceTags: [{ key: 'owner' }] })).toEqual([]);
      expect(await filtered({ filterType: 'NotEquals', instanceTags: [{ key: 'owner', value: 'x' }] })).toEqual([
        'dev',
        'prod',
      ]);
    });
  });

  describe('schemas and instances', () => {
    it('are of a repository and of Liquibase, and belong to their project, unless said otherwise', async () => {
      const made = await send(createDbSchema, {
        params: PROJECT,
        body: { identifier: 'stock', name: 'Stock', changelog: { connector: 'git', location: 'db.xml' } },
      });
      expect(made.body).toMatchObject({
        type: 'Repository',
        migrationType: 'Liquibase',
        parentId: parentIdOf(projectScope(ACCOUNT, 'default', 'shop')),
      });
    });

    it('keep what an update does not mention', async () => {
      expect((await send(updateDbInstance, { params: dev, body: { gitTag: 'v2' } })).body).toMatchObject({
        gitTag: 'v2',
        connector: 'db',
      });
    });

    it('stand in the overview with their last deployment, in seconds', async () => {
      expect((await send(dbSchemaOverview, { params: PROJECT })).body).toMatchObject({
        recentDeployments: [{ dbSchemaIdentifier: 'orders', dbInstanceIdentifier: 'dev', lastDeployed: 2000 }],
      });
    });

    it('stay when a request to delete them is not clear', async () => {
      const refused = [
        await send(deleteDbSchema, { params: orders, query: { forceDelete: 'perhaps' } }),
        await send(deleteDbSchemasOfProject, {
          query: { orgIdentifier: PROJECT.org, projectIdentifier: '', parent_id: 'any', forceDelete: true },
        }),
      ];
      expect(refused).toMatchObject([
        { status: 400, body: { message: 'invalid query: forceDelete: must be true or false' } },
        { status: 400, body: { message: expect.stringContaining('projectIdentifier') } },
      ]);
    });

    it('refuse an identifier that is taken', async () => {
      const schema = await send(createDbSchema, {
        params: PROJECT,
        body: { identifier: 'orders', name: 'x', changelog: { connector: 'git', location: 'x' } },
      });
      const instance = await send(createDbInstance, {
        params: orders,
        body: { identifier: 'dev', name: 'x', connector: 'db', branch: 'main' },
      });
      expect([schema.status, instance.status]).toEqual([409, 409]);
    });

    it('answer a client that sends the whole entity on update with what it sent', async () => {
      const sent = {
        identifier: 'orders',
        name: 'Orders',
        type: 'Repository',
        migrationType: 'Liquibase',
        usePercona: false,
        tags: { a: 'b' },
        service: 'svc',
        changelog: { connector: 'org.git', repo: 'shop', location: 'db.xml' },
      };
      expect((await send(updateDbSchema, { params: orders, body: sent })).body).toMatchObject(sent);
      expect((await send(getDbSchema, { params: orders })).body).toMatchObject(sent);
      const instance = {
        identifier: 'dev',
        name: 'Dev',
        connector: 'db',
        gitTag: 'v9',
        context: 'a and b',
        tags: { x: 'y' },
        substituteProperties: { p: 'q' },
      };
      expect((await send(updateDbInstance, { params: dev, body: instance })).body).toMatchObject(instance);
      expect((await send(getDbInstance, { params: dev })).body).toMatchObject(instance);
    });

    it('lead change authoring to the primary instance, and to the oldest when it goes', async () => {
      expect(
        (await send(updateDbSchema, { params: orders, body: { primaryDbInstanceId: 'prod' } })).body,
      ).toMatchObject({ primaryDbInstanceId: 'prod' });
      expect((await send(defaultAuthoringInstance, { params: orders })).body).toMatchObject({ identifier: 'prod' });
      await send(deleteDbInstance, { params: { ...orders, dbinstance: 'prod' } });
      expect((await send(defaultAuthoringInstance, { params: orders })).body).toMatchObject({ identifier: 'dev' });
      expect((await send(getDbSchema, { params: orders })).body).not.toHaveProperty('primaryDbInstanceId');
    });

    it('stay while instances use them: the error names these, and forceDelete removes them too', async () => {
      const refused = await send(deleteDbSchema, { params: orders });
      expect(refused).toMatchObject({
        status: 400,
        body: {
          message: expect.stringMatching(
            /^schema "orders" is used by (instance dev, instance prod|instance prod, instance dev); change or delete them first, or send forceDelete=true$/,
          ),
        },
      });
      const ofProject = { orgIdentifier: PROJECT.org, projectIdentifier: PROJECT.project, parent_id: 'any' };
      expect((await send(deleteDbSchemasOfProject, { query: ofProject })).status).toBe(400);
      expect((await send(deleteDbSchema, { params: { ...PROJECT, dbschema: 'none' } })).status).toBe(404);
      for (const dbinstance of ['dev', 'prod'])
        expect((await send(getDbInstance, { params: { ...orders, dbinstance } })).status).toBe(200);
      expect((await send(deleteDbSchema, { params: orders, query: { forceDelete: true } })).status).toBe(204);
      expect((await send(getDbSchema, { params: orders })).status).toBe(404);
    });

    it('go without force once nothing uses them', async () => {
      for (const dbinstance of ['dev', 'prod']) await send(deleteDbInstance, { params: { ...orders, dbinstance } });
      expect((await send(deleteDbSchema, { params: orders })).status).toBe(204);
    });

    it('are never removed under an instance that is being made', async () => {
      const attempts = Array.from({ length: 8 }, (_, at) => at);
      const ended = await Promise.all(
        attempts.map(async (at) => {
          const schema = { ...PROJECT, dbschema: `race${at}` };
          await send(createDbSchema, {
            params: PROJECT,
            body: { identifier: schema.dbschema, name: 'x', changelog: { connector: 'git', location: 'x' } },
          });
          const [made, removed] = await Promise.all([
            send(createDbInstance, {
              params: schema,
              body: { identifier: 'one', name: 'x', connector: 'db', branch: 'main' },
            }),
            send(deleteDbSchema, { params: schema }),
          ]);
          return `${made.status} ${removed.status}`;
        }),
      );
      expect(ended.filter((one) => one !== '201 400' && one !== '404 204')).toEqual([]);
    });

    it('refuse a primary instance that does not exist', async () => {
      expect(await send(updateDbSchema, { params: orders, body: { primaryDbInstanceId: 'nowhere' } })).toMatchObject({
        status: 400,
        body: { message: 'invalid body: primaryDbInstanceId: no instance [nowhere] in schema [orders]' },
      });
    });

    it('refuse text that cannot be stored, and bytes, with a reason', async () => {
      const nul = await send(updateDbSchema, { params: orders, body: { name: 'a\u0000b' } });
      const half = await send(updateDbSchema, { params: orders, body: { tags: { a: 'cut \ud83d' } } });
      const inPath = await send(getDbSchema, { params: { ...PROJECT, dbschema: 'a\u0000b' } });
      const bytes = await send(createDbSchema, { params: PROJECT, body: new Uint8Array([1, 2]) });
      expect([nul.status, half.status, inPath.status, bytes.status]).toEqual([400, 400, 400, 415]);
      const halfName = await send(updateDbSchema, { params: orders, body: { name: 'cut \ud83d' } });
      expect(halfName).toMatchObject({
        status: 400,
        body: { message: expect.stringMatching(/^invalid body: name: holds half a surrogate pair/) },
      });
      expect((await send(getDbSchema, { params: orders })).body).toMatchObject({ name: 'Orders' });
    });

    it.each([129, 1_025, 8_000])('say {message} for an identifier of %d characters in the address', async (length) => {
      const reply = await send(getDbSchema, { params: { ...PROJECT, dbschema: 'x'.repeat(length) } });
      expect(reply).toEqual({ status: 400, headers: expect.anything(), body: { message: expect.any(String) } });
      expect(JSON.stringify(reply.body).length).toBeLessThan(200);
    });

    it('say {message} for an address that does not exist', async () => {
      const reply = await send(
        { method: 'GET', path: '/dbdevops/v1/orgs/o/projects/p/dbschema/x/instances' } as RouteDefinition,
        {},
      );
      expect(reply).toMatchObject({
        status: 404,
        body: { message: expect.stringContaining('no matching operation was found') },
      });
    });
  });

  describe('migration state', () => {
    const states = (body: unknown) => send(schemaMigrationState, { params: orders, body });

    it('shows what is pending first, and what was deployed with its execution', async () => {
      const { body } = await send(schemaMigrationState, { params: orders, query: { search_term: 'changelog' } });
      const nowhere = [
        { instance: 'dev', status: 'Not_Deployed' },
        { instance: 'prod', status: 'Not_Deployed' },
      ];
      const somewhere = [
        { instance: 'dev', status: 'Successfully_Deployed', planExecutionId: 'exec-1' },
        { instance: 'prod', status: 'Not_Deployed', pipeline: '' },
      ];
      expect(body).toMatchObject({
        schema: 'orders',
        instances: [
          { identifier: 'dev', name: 'Dev' },
          { identifier: 'prod', name: 'Prod' },
        ],
        changeSets: [
          { changeSet: '2', synced: false, instances: nowhere },
          { changeSet: '1', changeSetFQN: 'db/changelog.xml::1::ann', instances: somewhere },
        ],
      });
    });

    it('of one instance has time, tag and label of each changeset', async () => {
      const { body } = await send(instanceMigrationState, { params: dev });
      expect(body).toMatchObject({
        schemaName: 'Orders',
        instanceName: 'Dev',
        changeSets: [
          { changeSet: '2', status: 'Not_Deployed', deployedAt: 0 },
          { changeSet: '1', status: 'Successfully_Deployed', deployedAt: 1000, tag: 'v1', label: 'core' },
        ],
      });
    });

    it('shows the instances asked for, in the order asked for, and is synced by all of them', async () => {
      await send(recordStep, {
        body: aReport(
          { history: [inHistory('1', 1)] },
          { dbInstance: 'prod', stepExecutionId: `prod-${crypto.randomUUID()}` },
        ),
      });
      expect((await states({ instanceFilter: { sort: 'name', order: 'DESC' } })).body).toMatchObject({
        instances: [{ identifier: 'prod' }, { identifier: 'dev' }],
        changeSets: [
          { changeSet: '2', synced: false },
          { changeSet: '1', synced: true },
        ],
      });
      expect((await states({ instanceFilter: { instances: ['prod'] } })).body).toMatchObject({
        instances: [{ identifier: 'prod' }],
        changeSets: [
          { synced: false, instances: [{ instance: 'prod', status: 'Not_Deployed' }] },
          { synced: true, instances: [{ instance: 'prod' }] },
        ],
      });
    });

    it('names an instance that is not there', async () => {
      expect(await states({ instanceFilter: { instances: ['dev', 'nowhere'] } })).toMatchObject({
        status: 400,
        body: { message: 'instanceFilter.instances names [nowhere], which schema [orders] does not have' },
      });
    });

    it('is shown in columns: a page of instances beside a page of changesets, with how many there are', async () => {
      const reply = await states({ instanceFilter: { page: 1, limit: 1 } });
      expect(reply.body).toMatchObject({
        instanceCount: 2,
        instances: [{ identifier: 'prod' }],
        changeSets: [{ instances: [{ instance: 'prod' }] }, { instances: [{ instance: 'prod' }] }],
      });
      expect(schemaMigrationState.response.shape.body.safeParse(reply.body).error).toBeUndefined();
    });

    it('of Flyway is not known, which is said instead of an empty list; an instance that is not there is named first', async () => {
      const ask = (instances: string[]) =>
        send(flywaySchemaMigrationState, {
          params: { ...PROJECT, dbschema: 'fly' },
          body: { instanceFilter: { instances } },
        });
      expect(await ask(['f1'])).toMatchObject({
        status: 422,
        body: { message: 'running Flyway migrations is not built yet; use a DB schema with migrationType Liquibase' },
      });
      expect(await ask(['f1', 'nowhere'])).toMatchObject({
        status: 400,
        body: { message: 'instanceFilter.instances names [nowhere], which schema [fly] does not have' },
      });
    });

    it('of Flyway is not asked of a Liquibase schema', async () => {
      expect((await send(flywaySchemaMigrationState, { params: orders })).status).toBe(400);
    });
  });

  describe('steps', () => {
    it('get schema and instance together, in the order asked', async () => {
      const reply = await send(stepSchemaAndInstances, {
        body: {
          ...project,
          pairs: [
            { dbSchema: 'orders', dbInstance: 'prod' },
            { dbSchema: 'orders', dbInstance: 'dev' },
          ],
        },
      });
      expect(reply.body).toMatchObject({
        pairs: [
          {
            dbSchema: { identifier: 'orders', connector: 'git', location: 'db/changelog.xml' },
            dbInstance: { identifier: 'prod' },
          },
          { dbInstance: { identifier: 'dev', branch: 'main', context: '', substituteProperties: { owner: 'app' } } },
        ],
      });
      expect(stepSchemaAndInstances.response.safeParse(reply.body).error).toBeUndefined();
    });

    it('of a public step plugin get the properties of the instance below their own, and the tag before the step', async () => {
      const inputs = await send(stepPluginInputs, {
        body: {
          dbSchema: 'orders',
          dbInstance: 'dev',
          command: 'Update',
          Org: 'default',
          Project: 'shop',
          properties: { owner: 'me' },
        },
      });
      expect(inputs.body).toMatchObject({ propertiesResult: { owner: 'me', color: 'red' } });
      const pipelineExecutionMetadata = { pipeline: 'deploy', planExecutionId: 'exec-1', stageExecutionId: 'stage-1' };
      const operations = await send(customOperations, {
        body: {
          dbSchema: 'orders',
          dbInstance: 'dev',
          command: 'Rollback',
          ...PROJECT,
          pipelineExecutionMetadata,
          properties: ['PreStartTag'],
        },
      });
      expect(operations.body).toMatchObject({ preStartTag: 'before-1' });
    });

    it('are told which pair does not exist', async () => {
      expect(
        await send(stepSchemaAndInstances, {
          body: {
            ...project,
            pairs: [
              { dbSchema: 'orders', dbInstance: 'dev' },
              { dbSchema: 'orders', dbInstance: 'x' },
            ],
          },
        }),
      ).toMatchObject({
        status: 404,
        body: { code: 'RESOURCE_NOT_FOUND', message: 'instance with id [x] schema [orders] does not exist' },
      });
    });

    it('are recorded once', async () => {
      const body = aReport({}, { stepExecutionId: `twice-${crypto.randomUUID()}` });
      expect((await send(recordStep, { body })).body).toEqual({ recorded: true });
      expect((await send(recordStep, { body })).body).toEqual({ recorded: false });
    });

    it('belong to their account, and are no business of other services', async () => {
      const stranger = await app.send({ accountId: 'acc2' }, recordStep, {
        body: aReport({}, { stepExecutionId: 'stranger' }),
      });
      const pipeline = await app.send({ accountId: ACCOUNT, service: 'pipeline' }, recordStep, {
        body: aReport({}, { stepExecutionId: 'pipeline' }),
      });
      expect([stranger.status, pipeline.status]).toEqual([404, 403]);
    });

    it('of a public step plugin change what its log names', async () => {
      const body = {
        org: 'default',
        project: 'shop',
        dbSchema: 'orders',
        dbInstance: 'dev',
        status: 'SUCCESS',
        data: {},
        command: 'Update',
        pipeline: 'deploy',
        planExecutionId: 'e9',
        stageExecutionId: 's9',
        logs: "Running Changeset: db/changelog.xml::2::ann\nLiquibase command 'update' was executed successfully.",
      };
      expect((await send(stepPluginResponse, { body })).status).toBe(204);
      expect((await send(stepPluginResponse, { body })).status).toBe(204);
      expect((await send(schemaMigrationState, { params: orders, query: { limit: 1 } })).body).toMatchObject({
        changeSets: [{ changeSet: '2', instances: [{ status: 'Successfully_Deployed', planExecutionId: 'e9' }, {}] }],
      });
    });

    it('of a public step plugin must lie within the scope they are checked at', async () => {
      const body = { dbSchema: 'orders', dbInstance: 'dev', command: 'Update', Org: 'default', Project: 'shop' };
      const ask = (query: Record<string, string>) =>
        app.send(
          { accountId: ACCOUNT, grants: [{ role: 'viewer', orgId: 'default', projectId: 'shop' }] },
          atDbdevops(stepPluginInputs),
          { body, query },
        );
      expect((await ask({ orgIdentifier: 'default', projectIdentifier: 'shop' })).status).toBe(200);
      expect((await ask({})).status).toBe(403);
      const other = await app.send(
        { accountId: ACCOUNT, grants: [{ role: 'viewer', orgId: 'default', projectId: 'other' }] },
        atDbdevops(stepPluginInputs),
        { body, query: { orgIdentifier: 'default', projectIdentifier: 'other' } },
      );
      expect(other).toMatchObject({ status: 400, body: { message: expect.stringContaining('default/other') } });
    });

    it('log is read, remembered and not kept', async () => {
      const reply = await send(parseMigrationLog, {
        params: dev,
        body: 'Running Changeset: a::1::b\nsecret-in-the-log\nUnexpected error running Liquibase: x',
      });
      expect(reply.body).toEqual({ id: expect.any(String), command: 'Update', success: false });
      expect(JSON.stringify(await app.pg.query('dbdevops', 'SELECT * FROM parsed_logs'))).not.toContain(
        'secret-in-the-log',
      );
    });
  });

  describe('what schemas and instances are filed under', () => {
    it('is kept, given back with a warning that nothing is deployed to it, and left by clients that do not know it', async () => {
      const made = await send(createDbInstance, {
        params: orders,
        body: { identifier: 'filed', name: 'Filed', connector: 'db', branch: 'main', environment: 'org.prod' },
      });
      expect(made).toMatchObject({
        status: 201,
        body: {
          environment: 'org.prod',
          warnings: [{ field: 'environment', message: expect.stringContaining('nothing is deployed to it by this') }],
        },
      });
      const whole = { identifier: 'filed', name: 'Renamed', connector: 'db', branch: 'main' };
      expect(
        (await send(updateDbInstance, { params: { ...orders, dbinstance: 'filed' }, body: whole })).body,
      ).toMatchObject({ name: 'Renamed', environment: 'org.prod' });
      expect(
        (await send(updateDbInstance, { params: { ...orders, dbinstance: 'filed' }, body: { environment: '' } })).body,
      ).not.toMatchObject({ environment: expect.anything() });
      expect((await send(getDbInstance, { params: { ...orders, dbinstance: 'filed' } })).body).not.toHaveProperty(
        'warnings',
      );
      expect((await send(updateDbSchema, { params: orders, body: { service: 'any text at all' } })).body).toMatchObject(
        {
          service: 'any text at all',
          warnings: [{ field: 'service', message: expect.stringContaining('nothing is deployed to it by this') }],
        },
      );
    });

    it('is found from its scope downwards', async () => {
      const uses = async (body: object) => (await send(usesOfEntity, { body })).body;
      await send(updateDbInstance, { params: dev, body: { environment: 'account.prod' } });
      await send(updateDbSchema, { params: orders, body: { service: 'shop' } });
      expect(await uses({ kind: 'environment', identifier: 'prod' })).toEqual({
        uses: [{ kind: 'dbinstance', ...project, identifier: 'dev' }],
      });
      expect(await uses({ kind: 'environment', ...project, identifier: 'prod' })).toEqual({ uses: [] });
      expect(await uses({ kind: 'service', ...project, identifier: 'shop' })).toEqual({
        uses: [{ kind: 'dbschema', ...project, identifier: 'orders' }],
      });
      expect(await uses({ kind: 'service', orgId: 'default', projectId: 'other', identifier: 'shop' })).toEqual({
        uses: [],
      });
    });
  });

  it('a Flyway schema and its instances say wherever they are saved or read that no run takes them', async () => {
    const said = {
      warnings: expect.arrayContaining([
        {
          field: 'migrationType',
          message: expect.stringMatching(/kept and not run.*make a DB schema with migrationType Liquibase/),
        },
      ]),
    };
    const params = { ...PROJECT, dbschema: 'flyway' };
    expect(
      await send(createDbSchema, {
        params: PROJECT,
        body: {
          identifier: 'flyway',
          name: 'F',
          migrationType: 'Flyway',
          changelog: { connector: 'git', location: 'migrations' },
        },
      }),
    ).toMatchObject({ status: 201, body: said });
    expect((await send(updateDbSchema, { params, body: { name: 'G' } })).body).toMatchObject(said);
    expect((await send(getDbSchema, { params })).body).toMatchObject(said);
    expect(
      (
        await send(createDbInstance, {
          params,
          body: { identifier: 'one', name: 'One', connector: 'db', branch: 'main' },
        })
      ).body,
    ).toMatchObject(said);
    expect((await send(getDbSchema, { params: orders })).body).not.toHaveProperty('warnings');
  });

  it('nothing is answered about a Flyway schema that only a run could have found out', async () => {
    const [fly, one] = [
      { ...PROJECT, dbschema: 'fly' },
      { ...PROJECT, dbschema: 'fly', dbinstance: 'f1' },
    ];
    const pair = { dbSchema: 'fly', dbInstance: 'f1' };
    const execution = { pipeline: 'p', planExecutionId: 'e', stageExecutionId: 's' };
    const answers = await Promise.all([
      send(schemaMigrationState, { params: fly }),
      send(instanceMigrationState, { params: one }),
      send(changesetExistence, { params: fly, body: { changeSets: [{ id: '1' }] } }),
      send(changesetSql, { params: one, body: { changesetFQN: 'a::1::b' } }),
      send(changesetYaml, { params: one, query: { changeSet: 'a::1::b' } }),
      send(deployedState, { params: one, body: { ...execution, stepType: 'DBSchemaApply' } }),
      send(stepPluginInputs, {
        body: { Org: 'default', Project: 'shop', ...pair, command: 'Update', pipelineExecutionMetadata: execution },
      }),
      send(customOperations, {
        body: {
          ...pair,
          org: 'default',
          project: 'shop',
          command: 'Update',
          pipelineExecutionMetadata: execution,
          properties: ['PreStartTag'],
        },
      }),
    ]);
    for (const answer of answers)
      expect(answer).toMatchObject({
        status: 422,
        body: { message: expect.stringContaining('use a DB schema with migrationType Liquibase') },
      });
  });

  describe('connector uses', () => {
    const uses = (body: object) => send(usesOfEntity, { body: { kind: 'connector', ...body } });

    it('are found from the connector’s scope downwards', async () => {
      await send(updateDbInstance, { params: dev, body: { connector: 'account.db' } });
      await send(updateDbSchema, { params: orders, body: { changelog: { connector: 'org.git' } } });
      expect((await uses({ identifier: 'db' })).body).toEqual({
        uses: [{ kind: 'dbinstance', ...project, identifier: 'dev' }],
      });
      expect((await uses({ orgId: 'default', identifier: 'git' })).body).toEqual({
        uses: [{ kind: 'dbschema', ...project, identifier: 'orders' }],
      });
      expect((await uses({ ...project, identifier: 'git' })).body).toMatchObject({
        uses: [{ identifier: 'fly' }, { identifier: 'empty' }],
      });
      expect((await uses({ orgId: 'other', identifier: 'git' })).body).toEqual({ uses: [] });
    });
  });

  describe('images', () => {
    it('are overridden, pinned, reset', async () => {
      const inEffect = async () =>
        (await send(getCustomerImages, { query: { overridesOnly: 'false' } })).body as Record<string, string>;
      await send(updateImages, { body: [{ field: 'mongoTag', value: 'mine/mongo:2' }] });
      await send(pinImage, { body: { value: '7.0' } });
      expect(await inEffect()).toMatchObject({ mongoTag: 'mine/mongo:2', defaultTag: 'sluice/step-runner:7.0' });
      await send(resetImages, { body: [{ field: 'mongoTag' }] });
      expect((await send(getCustomerImages, {})).body).toEqual({});
      expect((await inEffect())['mongoTag']).toBe('sluice/step-runner:7.0');
      await send(pinImage, { body: { value: '' } });
      expect((await inEffect())['mongoTag']).not.toContain('7.0');
    });

    it('say which fields there are, in both spellings of a reset', async () => {
      for (const body of [['mongo'], [{ field: 'mongo' }]])
        expect(await send(resetImages, { body })).toMatchObject({
          status: 400,
          body: { message: expect.stringContaining('"mongoTag"') },
        });
      expect(await send(getCustomerImages, { query: { overridesOnly: 'some' } })).toMatchObject({
        status: 400,
        body: { message: 'invalid query: overridesOnly: must be true or false' },
      });
    });
  });

  it('answers probes, and describes its public routes only', async () => {
    expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
    const document = (await (await fetch(`${app.url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(document.paths).filter((path) => path.includes('/internal/'))).toEqual([]);
    expect(Object.keys(document.paths)).toContain('/dbdevops/v1/orgs/{org}/projects/{project}/dbschema/overview');
  });
});
