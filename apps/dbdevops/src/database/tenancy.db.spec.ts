import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type ProjectScope } from '@sluice/kernel';
import { openDataSource } from '@sluice/persistence';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { changeOf } from '../step-report/changeset-state.js';
import { aReport, named, outcome } from '../testing/reports.js';
import { seedProject, type SeededProject } from '../testing/seeded-project.js';
import { createDbDevopsDataSource } from './data-source.js';
import { repositoriesOf, type Repositories } from './unit-of-work.js';

type RepositoryName = keyof Repositories;
/** What a method answers when it finds nothing, and for writers: that the owner's rows are as before (checked for all). */
type Attempt = (repositories: Repositories, stranger: ProjectScope, own: SeededProject) => Promise<unknown>;
interface Row {
  readonly attempt: Attempt;
  readonly finds: unknown;
}

const LIST = { page: 0, limit: 10, sort: 'name', order: 'ASC' } as const;
const PAGE = { page: 0, limit: 10 } as const;
const NONE = { items: [], total: 0 };
const PLACE = {
  pipeline: 'deploy',
  planExecutionId: 'exec-1',
  stageExecutionId: 'stage-1',
  command: 'Update',
  since: 0,
} as const;
const FQN = 'db/changelog.xml::1::ann';

const place = (stranger: ProjectScope, own: SeededProject) => ({
  scope: stranger,
  schemaId: own.schema.id,
  instanceId: own.instance.id,
});

/** Every method of every repository, called by a stranger with the owner's ids. */
const METHODS: { readonly [Name in RepositoryName]: Readonly<Record<string, Row>> } = {
  schemas: {
    insert: {
      attempt: (r, stranger, own) => r.schemas.insert({ ...own.schema, id: crypto.randomUUID(), scope: stranger }),
      finds: undefined,
    },
    find: { attempt: (r, stranger) => r.schemas.find(stranger, 'orders'), finds: undefined },
    findLocked: { attempt: (r, stranger) => r.schemas.findLocked(stranger, 'orders', 'keep'), finds: undefined },
    save: {
      attempt: (r, stranger, own) => r.schemas.save(stranger, { ...own.schema, name: 'stolen' }),
      finds: undefined,
    },
    clearPrimaryInstance: {
      attempt: (r, stranger, own) => r.schemas.clearPrimaryInstance(stranger, own.schema.id, 'dev'),
      finds: undefined,
    },
    remove: { attempt: (r, stranger) => r.schemas.remove(stranger, 'orders'), finds: false },
    removeAll: { attempt: (r, stranger) => r.schemas.removeAll(stranger), finds: 0 },
    allLocked: { attempt: (r, stranger) => r.schemas.allLocked(stranger), finds: [] },
    list: { attempt: (r, stranger) => r.schemas.list(stranger, LIST), finds: NONE },
    countInstances: { attempt: (r, stranger, own) => r.schemas.countInstances(stranger, own.schema.id), finds: 0 },
    totals: { attempt: (r, stranger) => r.schemas.totals(stranger), finds: { schemas: 0, instances: 0 } },
    recentDeployments: { attempt: (r, stranger) => r.schemas.recentDeployments(stranger, 5), finds: [] },
  },
  instances: {
    insert: {
      attempt: (r, stranger, own) =>
        r.instances.insert({ ...own.instance, id: crypto.randomUUID(), identifier: 'mine', scope: stranger }),
      finds: undefined,
    },
    find: { attempt: (r, stranger, own) => r.instances.find(stranger, own.schema.id, 'dev'), finds: undefined },
    findLocked: {
      attempt: (r, stranger, own) => r.instances.findLocked(stranger, own.schema.id, 'dev'),
      finds: undefined,
    },
    allOf: { attempt: (r, stranger, own) => r.instances.allOf(stranger, [own.schema.id]), finds: [] },
    oldest: { attempt: (r, stranger, own) => r.instances.oldest(stranger, own.schema.id), finds: undefined },
    save: {
      attempt: (r, stranger, own) => r.instances.save(stranger, { ...own.instance, name: 'stolen' }),
      finds: undefined,
    },
    remove: { attempt: (r, stranger, own) => r.instances.remove(stranger, own.schema.id, 'dev'), finds: false },
    list: {
      attempt: (r, stranger, own) => r.instances.list(stranger, own.schema.id, LIST, { filterType: 'Equals' }),
      finds: NONE,
    },
  },
  stepReports: {
    insertOnce: {
      attempt: async (r, stranger, own) =>
        typeof (await r.stepReports.insertOnce(place(stranger, own), aReport({}, { stepExecutionId: 'stranger' }))),
      finds: 'string',
    },
    states: { attempt: async (r, stranger, own) => [...(await r.stepReports.states(place(stranger, own)))], finds: [] },
    addChangesets: {
      attempt: (r, stranger, own) => r.stepReports.addChangesets(place(stranger, own), [named('7')]),
      finds: undefined,
    },
    saveStates: {
      attempt: (r, stranger, own) =>
        r.stepReports.saveStates(
          place(stranger, own),
          changeOf({ historyAt: null, changesets: new Map() }, aReport({ pending: [named('1')] })).changed,
        ),
      finds: undefined,
    },
    forgetStates: {
      attempt: (r, stranger, own) => r.stepReports.forgetStates(place(stranger, own), [FQN]),
      finds: undefined,
    },
    saveOutcomes: {
      attempt: (r, stranger, own) =>
        r.stepReports.saveOutcomes(
          place(stranger, own),
          own.reportId,
          aReport({ changesets: [outcome('2', 'applied')] }),
        ),
      finds: undefined,
    },
    touchInstance: {
      attempt: (r, stranger, own) =>
        r.stepReports.touchInstance(
          place(stranger, own),
          9,
          { at: 9, lastAppliedTag: 'stolen', lastChangesetTag: '' },
          7,
        ),
      finds: undefined,
    },
    earlierRuns: {
      attempt: (r, stranger, own) => r.stepReports.earlierRuns(stranger, own.instance.id, 'exec-1', 'stage-1'),
      finds: { hasRun: false, hasDeployed: false, deployed: [], preStartTag: null },
    },
  },
  migrationStates: {
    instances: {
      attempt: (r, stranger, own) =>
        r.migrationStates.instances(stranger, own.schema.id, undefined, { offset: 0, limit: 10 }),
      finds: NONE,
    },
    firstUnknown: {
      attempt: (r, stranger, own) => r.migrationStates.firstUnknown(stranger, own.schema.id, ['dev']),
      finds: 'dev',
    },
    acrossInstances: {
      attempt: (r, stranger, own) =>
        r.migrationStates.acrossInstances(stranger, own.schema.id, [own.instance.id], PAGE),
      finds: NONE,
    },
    onInstance: {
      attempt: (r, stranger, own) => r.migrationStates.onInstance(stranger, own.schema.id, own.instance.id, PAGE),
      finds: NONE,
    },
    knownIds: {
      attempt: async (r, stranger, own) => [...(await r.migrationStates.knownIds(stranger, own.schema.id, ['1']))],
      finds: [],
    },
    knows: { attempt: (r, stranger, own) => r.migrationStates.knows(stranger, own.instance.id, FQN), finds: false },
  },
  deployedStates: {
    page: {
      attempt: (r, stranger, own) => r.deployedStates.page(stranger, own.instance.id, PLACE, 0, 10),
      finds: NONE,
    },
  },
  uses: { find: { attempt: (r, stranger) => r.uses.find('connector', stranger, 'db'), finds: [] } },
  parsedLogs: {
    insert: {
      attempt: (r, stranger, own) =>
        r.parsedLogs.insert(
          stranger,
          own.instance.id,
          { id: `of-${stranger.accountId}-${stranger.projectId}`, success: true, command: 'Tag' },
          1,
        ),
      finds: undefined,
    },
    find: {
      attempt: (r, stranger, own) => r.parsedLogs.find(stranger, own.instance.id, 'log-owner'),
      finds: undefined,
    },
  },
  imageOverrides: {
    find: {
      attempt: (r) => r.imageOverrides.find(accountScope('stranger')),
      finds: { images: {}, pinnedVersion: null },
    },
    set: {
      attempt: (r) => r.imageOverrides.set(accountScope('stranger'), [{ field: 'mongoTag', value: 'theirs' }]),
      finds: undefined,
    },
    remove: { attempt: (r) => r.imageOverrides.remove(accountScope('stranger'), ['mongoTag']), finds: undefined },
    removeAll: { attempt: (r) => r.imageOverrides.removeAll(accountScope('stranger')), finds: undefined },
  },
};

const TABLES = [
  'db_schemas',
  'db_instances',
  'step_reports',
  'changesets',
  'changeset_deployments',
  'execution_changesets',
  'parsed_logs',
  'image_overrides',
];

describe('a stranger who knows every id', () => {
  let pg: TestPostgres;
  let dataSource: DataSource;
  let own: SeededProject;
  let before: unknown;
  beforeAll(async () => {
    pg = await startPostgres();
    dataSource = await openDataSource(createDbDevopsDataSource(await pg.createDatabase('tenancy')));
    own = await seedProject(dataSource, 'owner');
    before = await contentOfOwner(dataSource.manager);
  }, 300_000);
  afterAll(async () => {
    await dataSource.destroy();
    await pg.stop();
  });

  /** Every row of the owner's project and account. */
  async function contentOfOwner(manager: EntityManager): Promise<unknown> {
    const columns = TABLES.map(
      (table) =>
        `(SELECT json_agg(t ORDER BY t::text) FROM ${table} t WHERE account_id = 'owner'${table === 'image_overrides' ? '' : ` AND project_id = 'shop'`}) AS ${table}`,
    );
    return (await manager.query<unknown[]>(`SELECT ${columns.join(', ')}`))[0];
  }

  it('has a row for every method of every repository', () => {
    const repositories = repositoriesOf(dataSource.manager);
    for (const [name, repository] of Object.entries(repositories)) {
      const prototype = Object.getPrototypeOf(repository) as object;
      const methods = Object.getOwnPropertyNames(prototype).filter(
        (method) => method !== 'constructor' && !PRIVATE.has(`${name}.${method}`),
      );
      expect({ name, methods: Object.keys(METHODS[name as RepositoryName]).sort() }).toEqual({
        name,
        methods: methods.sort(),
      });
    }
  });

  for (const stranger of [projectScope('stranger', 'default', 'shop'), projectScope('owner', 'default', 'other')]) {
    for (const [name, methods] of Object.entries(METHODS)) {
      for (const [method, { attempt, finds }] of Object.entries(methods)) {
        it(`of ${stranger.accountId}/${stranger.projectId} gets nothing from ${name}.${method} and changes nothing with it`, async () => {
          const session = dataSource.createQueryRunner();
          await session.startTransaction();
          try {
            expect(await attempt(repositoriesOf(session.manager), stranger, own)).toEqual(finds);
            expect(await contentOfOwner(session.manager)).toEqual(before);
          } finally {
            await session.rollbackTransaction();
            await session.release();
          }
        });
      }
    }
  }

  it('finds the owner’s rows as the owner, so that the table above means something', async () => {
    const repositories = repositoriesOf(dataSource.manager);
    expect((await repositories.schemas.list(own.scope, LIST)).total).toBe(1);
    expect((await repositories.instances.list(own.scope, own.schema.id, LIST, { filterType: 'Equals' })).total).toBe(2);
    expect(
      (await repositories.migrationStates.acrossInstances(own.scope, own.schema.id, [own.instance.id], PAGE)).total,
    ).toBe(2);
    expect((await repositories.deployedStates.page(own.scope, own.instance.id, PLACE, 0, 10)).total).toBe(1);
    expect(await repositories.uses.find('connector', own.scope, 'db')).toHaveLength(2);
    expect(await repositories.parsedLogs.find(own.scope, own.instance.id, 'log-owner')).toBeDefined();
    expect(await repositories.migrationStates.knows(own.scope, own.instance.id, FQN)).toBe(true);
  });
});

/** Queries the public methods share. */
const PRIVATE = new Set([
  'instances.matching',
  'schemas.matching',
  'schemas.instanceCounts',
  'migrationStates.states',
  'migrationStates.addRemarks',
]);
