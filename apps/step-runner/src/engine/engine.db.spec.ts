import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { basename } from 'node:path';
import { EngineBench } from '../testing/engine-bench.js';
import { ENGINE_JARS, REHEARSAL_JAR } from './engine-jars.js';

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

const xml = (body: string): string =>
  `<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">${body}</databaseChangeLog>`;
const table = (name: string): string => `<createTable tableName="${name}"><column name="id" type="int"/></createTable>`;

describe('the change engine', () => {
  let bench: EngineBench;
  beforeAll(async () => {
    bench = await EngineBench.start();
  });
  afterAll(() => bench?.stop());

  const tables = async (database: string): Promise<unknown[]> =>
    (
      await bench.pg.query(
        database,
        `select table_name from information_schema.tables where table_schema = 'public' and table_name not like 'databasechangelog%' order by 1`,
      )
    ).map((row) => row['table_name']);
  const fileNames = async (database: string): Promise<unknown[]> =>
    (await bench.pg.query(database, 'select filename from databasechangelog order by orderexecuted')).map(
      (row) => row['filename'],
    );

  describe('reads a changelog with everything that decides what it says', () => {
    it.each([
      ['contexts', 'context', { contexts: 'prod' }],
      ['labels', 'labels', { labels: 'prod' }],
    ])(
      '%s decide which value a property has, in an update and in its rollback',
      async (_what, attribute, selection) => {
        bench.checkOut({
          'changelog.xml': xml(
            `<property name="t" value="dev_table" ${attribute}="dev"/><property name="t" value="prod_table" ${attribute}="prod"/><changeSet id="1" author="x">${table('${t}')}<rollback><dropTable tableName="\${t}"/></rollback></changeSet>`,
          ),
        });
        const database = await bench.freshDatabase();
        const outcome = await bench.run(database, 'changelog.xml', selection);
        expect(outcome.finished).toMatchObject({ status: 'succeeded', pending: [] });
        expect(await tables(database)).toEqual(['prod_table']);
        expect(
          (await bench.run(database, 'changelog.xml', { ...selection, action: 'rollback', count: 1 })).finished.status,
        ).toBe('succeeded');
        expect(await tables(database)).toEqual([]);
      },
    );

    it('settings of Liquibase hold for this run', async () => {
      bench.checkOut({
        'changelog.sql': '--liquibase formatted sql\n--changeset x:1\ncreate table t_${absent} (id int);\n',
      });
      const database = await bench.freshDatabase();
      const { finished } = await bench.run(database, 'changelog.sql', { settings: { missingPropertyMode: 'ERROR' } });
      expect(finished).toMatchObject({
        status: 'failed',
        error: { message: expect.stringMatching(/Could not resolve expression `\$\{absent\}`/) },
      });
      expect(
        (await bench.run(database, 'changelog.sql', { settings: { missingPropertyMode: 'EMPTY' } })).finished.error,
      ).toBeUndefined();
      expect(await tables(database)).toEqual(['t_']);
    });

    it('shows neither environment nor system properties of its process to a changelog, and a parameter of the user wins over both', async () => {
      bench.checkOut({
        'changelog.sql':
          "--liquibase formatted sql\n--changeset x:1\ncreate table seen as select '${PATH} ${HOME} ${user.dir} ${java.class.path}' as text, '${TZ}' as zone, '${database.typeName}' as type;\n",
      });
      const database = await bench.freshDatabase();
      expect((await bench.run(database, 'changelog.sql', { parameters: { TZ: 'of the user' } })).finished.status).toBe(
        'succeeded',
      );
      expect(await bench.pg.query(database, 'select * from seen')).toEqual([
        { text: '${PATH} ${HOME} ${user.dir} ${java.class.path}', zone: 'of the user', type: 'postgresql' },
      ]);
    });
  });

  it('says of a failed statement what the driver said, and not twice that it is an error', async () => {
    bench.checkOut({ 'changelog.sql': '--liquibase formatted sql\n--changeset x:1\ncreate tabel t (id int);\n' });
    const { finished, log } = await bench.run(await bench.freshDatabase(), 'changelog.sql');
    expect(finished.status).toBe('failed');
    expect(log).toContain('Exception Primary Reason:  ERROR: syntax error at or near "tabel"');
    expect(log.filter((line) => line.startsWith('ERROR:'))).toEqual([]);
  });

  it('says how many changesets ran only of a run in which they did', async () => {
    bench.checkOut({
      'changelog.sql':
        '--liquibase formatted sql\n--changeset x:1\nselect 1;\n--changeset x:2\nselect no_such_column;\n--changeset x:3\nselect 3;\n',
    });
    const database = await bench.freshDatabase();
    const failed = await bench.run(database, 'changelog.sql');
    expect(failed.finished.status).toBe('failed');
    expect(failed.log.filter((line) => /SUMMARY|^Run:/.test(line))).toEqual([]);
    bench.checkOut({
      'changelog.sql': '--liquibase formatted sql\n--changeset x:1\nselect 1;\n--changeset x:3\nselect 3;\n',
    });
    const { log } = await bench.run(database, 'changelog.sql');
    expect(log.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual(
      expect.arrayContaining(['UPDATE SUMMARY', 'Run: 1', 'Previously run: 1']),
    );
  });

  it('has only the jars it needs on its class path: the database of its rehearsal is not among them', () => {
    expect(bench.home.classPath.split(':').map((path) => basename(path, '.jar'))).toEqual([
      'engine',
      ...ENGINE_JARS.map(({ name }) => name).filter((name) => name !== REHEARSAL_JAR),
    ]);
  });

  it('names the limit of its memory, and the setting for it, when a history needs more', async () => {
    bench.checkOut({ 'changelog.sql': '--liquibase formatted sql\n--changeset x:1\nselect 1;\n' });
    const database = await bench.freshDatabase();
    expect((await bench.run(database, 'changelog.sql')).finished.status).toBe('succeeded');
    await bench.pg.query(
      database,
      `insert into databasechangelog select 'h' || i, author, filename, dateexecuted, orderexecuted + i, exectype, md5sum, repeat('long ', 50), comments, tag, liquibase, contexts, labels, deployment_id from databasechangelog, generate_series(1, 200000) i`,
    );
    await expect(bench.run(database, 'changelog.sql')).rejects.toThrow(
      /^the change engine needed more than its heap of 192 MiB \(set STEP_RUNNER_HEAP_MB of the delegate higher\) and ended before it had a result/,
    );
  });

  describe('keeps to the repository', () => {
    it.each([
      ['<includeAll path="../../"/>', '"../../" leads out of the repository'],
      [
        '<includeAll path="../../" errorIfMissingOrEmpty="false" maxDepth="2" endsWithFilter="passwd"/>',
        '"../../" leads out of the repository',
      ],
      ['<includeAll path="x/../../.." relativeToChangelogFile="true"/>', 'leads out of the repository'],
      ['<include file="../../../../etc/hostname" relativeToChangelogFile="true"/>', 'leads out of the repository'],
      ['<property file="../../../../etc/hostname" relativeToChangelogFile="true"/>', 'leads out of the repository'],
      ['<property file="/../../etc/hostname"/>', 'leads out of the repository'],
    ])('refuses %s by its spelling, whether something is there or not', async (body, message) => {
      bench.checkOut({ 'changelog.xml': xml(body) });
      const { finished } = await bench.run(await bench.freshDatabase(), 'changelog.xml');
      expect(finished).toMatchObject({ status: 'failed', error: { message: expect.stringContaining(message) } });
      expect(finished.error?.message).toMatch(/only files inside it can be used$/);
    });
  });

  describe('a changelog on a class path', () => {
    const resources = 'src/main/resources/';
    const spring = {
      [`${resources}db/changelog/master.yaml`]:
        'databaseChangeLog:\n  - includeAll:\n      path: db/changelog/changes/\n',
      [`${resources}db/changelog/relative.yaml`]:
        'databaseChangeLog:\n  - include:\n      file: changes/001.sql\n      relativeToChangelogFile: true\n',
      [`${resources}db/changelog/changes/001.sql`]:
        '--liquibase formatted sql\n--changeset dev:1\ncreate table s1 (id int);\n--changeset dev:2\ninsert into s1 values (1);\n',
      'src/other/empty.txt': '',
    };

    it('is read from the search path, and its files are recorded below it', async () => {
      bench.checkOut(spring);
      const database = await bench.freshDatabase();
      const outcome = await bench.run(database, `${resources}db/changelog/master.yaml`, {
        searchPath: ['src/other', 'src/main/resources'],
      });
      expect(outcome.finished.error).toBeUndefined();
      expect(await fileNames(database)).toEqual(['db/changelog/changes/001.sql', 'db/changelog/changes/001.sql']);
    });

    it('without a search path: the error names what was searched and the setting', async () => {
      bench.checkOut(spring);
      const { finished } = await bench.run(await bench.freshDatabase(), `${resources}db/changelog/master.yaml`);
      expect(finished.error?.message).toMatch(
        /includeAll 'db\/changelog\/changes\/'; searched in the root of the repository\. A DB schema whose paths are relative to another folder names it in changelog\.searchPath$/,
      );
    });

    it.each([
      [['src/absent'], /searchPath names "src\/absent", which is no folder of the repository/],
      [['../..'], /"\.\.\/\.\." leads out of the repository/],
      [
        ['src/other'],
        /changelog "src\/main\/resources\/db\/changelog\/master.yaml" lies in none of the folders of the search path \(src\/other\)/,
      ],
    ])('refuses the search path %j', async (searchPath, message) => {
      bench.checkOut(spring);
      const { finished } = await bench.run(await bench.freshDatabase(), `${resources}db/changelog/master.yaml`, {
        searchPath,
      });
      expect(finished.error?.message).toMatch(message);
    });

    it('what its application recorded in another spelling of the same path counts as deployed', async () => {
      bench.checkOut(spring);
      const database = await bench.freshDatabase();
      const input = { searchPath: ['src/main/resources'] };
      await bench.run(database, `${resources}db/changelog/relative.yaml`, input);
      for (const spelling of ['classpath:', 'classpath:/', '/', './']) {
        await bench.pg.query(
          database,
          `update databasechangelog set filename = '${spelling}db/changelog/changes/001.sql'`,
        );
        const again = await bench.run(database, `${resources}db/changelog/relative.yaml`, input);
        expect([spelling, again.finished.error, again.finished.pending, again.changesets]).toEqual([
          spelling,
          undefined,
          [],
          [],
        ]);
      }
    });

    it('is recorded with its prefix, except where the changelog gives a path itself', async () => {
      bench.checkOut({
        ...spring,
        [`${resources}db/changelog/changes/002.sql`]:
          '--liquibase formatted sql logicalFilePath:own/path.sql\n--changeset dev:3\nselect 1;\n',
      });
      const database = await bench.freshDatabase();
      const input = { searchPath: ['src/main/resources'], filePrefix: 'app/' };
      await bench.run(database, `${resources}db/changelog/master.yaml`, input);
      expect(await fileNames(database)).toEqual([
        'app/db/changelog/changes/001.sql',
        'app/db/changelog/changes/001.sql',
        'own/path.sql',
      ]);
      const again = await bench.run(database, `${resources}db/changelog/master.yaml`, input);
      expect(again.finished).toMatchObject({ status: 'succeeded', pending: [] });
      expect(again.changesets).toEqual([]);
    });

    it('is recorded with its prefix also where an include says classpath: itself', async () => {
      bench.checkOut({
        ...spring,
        [`${resources}db/changelog/named.yaml`]:
          'databaseChangeLog:\n- include: {file: "classpath:db/changelog/changes/001.sql"}\n- include: {file: "classpath:/db/changelog/changes/002.sql"}\n- include: {file: db/changelog/changes/003.sql}\n',
        ...Object.fromEntries(
          ['2', '3'].map((id) => [
            `${resources}db/changelog/changes/00${id}.sql`,
            `--liquibase formatted sql\n--changeset dev:${id}${id}\nselect ${id};\n`,
          ]),
        ),
      });
      const database = await bench.freshDatabase();
      await bench.run(database, `${resources}db/changelog/named.yaml`, {
        searchPath: ['src/main/resources'],
        filePrefix: 'classpath:',
      });
      expect(await fileNames(database)).toEqual(
        ['1', '1', '2', '3'].map((id) => `classpath:db/changelog/changes/00${id}.sql`),
      );
    });

    it('recorded under another root: the run stops before anything is applied, and names the setting', async () => {
      bench.checkOut(spring);
      const database = await bench.freshDatabase();
      await bench.run(database, `${resources}db/changelog/relative.yaml`, { searchPath: ['src/main/resources'] });
      const { finished, changesets } = await bench.run(database, `${resources}db/changelog/relative.yaml`);
      expect(finished).toMatchObject({
        status: 'failed',
        history: [{ id: '1' }, { id: '2' }],
        pending: [{ id: '1' }, { id: '2' }],
      });
      expect(finished.error?.message).toBe(
        'changeset 1 by dev in src/main/resources/db/changelog/changes/001.sql is recorded as deployed under db/changelog/changes/001.sql; nothing was applied, because it would run a second time. ' +
          'Set changelog.searchPath of the DB schema to "src/main/resources", or give the changelog the recorded path as its logicalFilePath; a changeset that is really another one needs an id of its own',
      );
      expect(changesets).toEqual([]);
      expect(await bench.pg.query(database, 'select count(*)::int as rows from s1')).toEqual([{ rows: 1 }]);
    });

    it('a changeset of the same name with another content is another one, and so is one beside it in the same changelog', async () => {
      bench.checkOut({
        'a/c.sql': '--liquibase formatted sql\n--changeset dev:1\ncreate table a (id int);\n',
        'b/c.sql': '--liquibase formatted sql\n--changeset dev:1\ncreate table b (id int);\n',
        'all.xml': xml('<include file="a/c.sql"/><include file="x/a/c.sql"/>'),
        'x/a/c.sql': '--liquibase formatted sql\n--changeset dev:1\ncreate table if not exists a (id int);\n',
      });
      const database = await bench.freshDatabase();
      expect((await bench.run(database, 'a/c.sql')).finished.status).toBe('succeeded');
      const other = await bench.run(database, 'b/c.sql');
      expect(other.finished.status).toBe('succeeded');
      expect(other.log).toContain(
        'changeset 1 by dev in b/c.sql is recorded as deployed under a/c.sql with another content, and is taken for another changeset',
      );
      expect((await bench.run(database, 'all.xml')).finished.status).toBe('succeeded');
      expect(await fileNames(database)).toEqual(['a/c.sql', 'b/c.sql', 'x/a/c.sql']);
    });
  });

  describe('classes and formats that are not its own', () => {
    const custom = {
      'change.xml': xml('<changeSet id="1" author="x"><customChange class="acme.Own"/></changeSet>'),
      'precondition.xml': xml(
        `<changeSet id="1" author="x"><preConditions onFail="MARK_RAN"><not><customPrecondition className="acme.Absent"/></not></preConditions>${table('t')}</changeSet>`,
      ),
      'collections.mongo': 'db.x',
      'included.xml': xml('<include file="collections.mongo"/>'),
    };
    it.each([
      ['change.xml', /^a customChange needs the class acme\.Own, which is not on the class path/],
      [
        'precondition.xml',
        /^the customPrecondition of changeset 1 by x in precondition\.xml needs the class acme\.Absent/,
      ],
      ['collections.mongo', /^Cannot find parser that supports collections\.mongo: the change engine reads \.xml, /],
      ['included.xml', /^Cannot find parser that supports collections\.mongo: the change engine reads \.xml, /],
    ])('are refused before anything is applied, named, with the way to add them: %s', async (changelog, message) => {
      bench.checkOut(custom);
      const database = await bench.freshDatabase();
      const { finished } = await bench.run(database, changelog);
      expect(finished).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(message) } });
      expect(finished.error?.message).toContain('nothing was applied. The operator of the delegate puts');
      expect(finished.error?.message).toContain('into the folder that STEP_RUNNER_EXTENSIONS_DIR names');
      expect(await tables(database)).toEqual([]);
    });

    it('are used from the folder of extensions', async () => {
      bench.checkOut(custom);
      await bench.extendWith(
        'acme.Own',
        'package acme; public class Own implements liquibase.change.custom.CustomSqlChange { public liquibase.statement.SqlStatement[] generateStatements(liquibase.database.Database d) { return new liquibase.statement.SqlStatement[] {new liquibase.statement.core.RawSqlStatement("create table made_by_own (id int)")}; } public String getConfirmationMessage() { return "done"; } public void setUp() {} public void setFileOpener(liquibase.resource.ResourceAccessor r) {} public liquibase.exception.ValidationErrors validate(liquibase.database.Database d) { return new liquibase.exception.ValidationErrors(); } }',
      );
      const database = await bench.freshDatabase();
      expect((await bench.run(database, 'change.xml')).finished.error).toBeUndefined();
      expect(await tables(database)).toEqual(['made_by_own']);
    });
  });

  describe('Git LFS pointers', () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d'.repeat(32)}\nsize 12345\n`;
    it.each([
      ['a changelog', { 'changelog.sql': pointer }, 'changelog.sql'],
      [
        'rows',
        {
          'changelog.xml': xml(
            `<changeSet id="1" author="x">${table('l')}</changeSet><changeSet id="2" author="x"><loadData file="rows.csv" tableName="l"/></changeSet>`,
          ),
          'rows.csv': pointer,
        },
        'rows.csv',
      ],
    ])('are not read as %s', async (_what, files, named) => {
      bench.checkOut(files);
      const { finished } = await bench.run(await bench.freshDatabase(), Object.keys(files)[0] ?? '');
      expect(finished).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining(`"${named}" is a Git LFS pointer and not the file it stands for`) },
      });
    });
  });

  describe('loadData', () => {
    it('puts a value into a text column as it is, and the content of a file where the value names one', async () => {
      bench.checkOut({
        'db/changelog.xml': xml(
          `<changeSet id="t" author="x"><sql>create table l (id int, name text, note text)</sql></changeSet><changeSet id="1" author="x"><loadData file="a.csv" tableName="l" relativeToChangelogFile="true"/></changeSet><changeSet id="2" author="x"><loadData file="b.csv" tableName="l" separator=";" relativeToChangelogFile="true"/></changeSet>`,
        ),
        'db/a.csv': 'id,name,note\n1,"O\'Neil, ""Bob""","two\nlines"\n2,NULL,\n3,"a; b",../../etc/hostname\n',
        'db/b.csv': '\ufeffid;name;note\n4;long.txt;db\n5;"p;q";.\n',
        'db/long.txt': 'from a file',
      });
      const database = await bench.freshDatabase();
      const { finished } = await bench.run(database, 'db/changelog.xml');
      expect(finished.error).toBeUndefined();
      expect(await bench.pg.query(database, 'select * from l order by id')).toEqual([
        { id: 1, name: 'O\'Neil, "Bob"', note: 'two\nlines' },
        { id: 2, name: null, note: null },
        { id: 3, name: 'a; b', note: '../../etc/hostname' },
        { id: 4, name: 'from a file', note: 'db' },
        { id: 5, name: 'p;q', note: '.' },
      ]);
    });
  });

  it('opens files of any name, whatever locale its machine has', async () => {
    const locale = process.env['LC_ALL'];
    process.env['LC_ALL'] = 'C';
    try {
      bench.checkOut({
        'db/größe.xml': xml('<includeAll path="日本" relativeToChangelogFile="true"/>'),
        'db/日本/emoji😀.sql': '--liquibase formatted sql\n--changeset x:1\nselect 1;\n',
      });
      const { finished } = await bench.run(await bench.freshDatabase(), 'db/größe.xml');
      expect(finished).toMatchObject({ status: 'succeeded', history: [{ file: 'db/日本/emoji😀.sql' }] });
    } finally {
      if (locale === undefined) delete process.env['LC_ALL'];
      else process.env['LC_ALL'] = locale;
    }
  });

  it('takes loadUpdateData back, whose rollback Liquibase makes from the rows of the file', async () => {
    bench.checkOut({
      'changelog.xml': xml(
        '<changeSet id="t" author="x"><sql>create table l (id int primary key, name text)</sql></changeSet><changeSet id="1" author="x"><loadUpdateData file="a.csv" tableName="l" primaryKey="id"/></changeSet>',
      ),
      'a.csv': 'id,name\n1,a\n2,b\n',
    });
    const database = await bench.freshDatabase();
    await bench.run(database, 'changelog.xml');
    await bench.pg.query(database, `insert into l values (3, 'of another')`);
    expect(
      (await bench.run(database, 'changelog.xml', { action: 'rollback', count: 1 })).finished.error,
    ).toBeUndefined();
    expect(await bench.pg.query(database, 'select id from l')).toEqual([{ id: 3 }]);
    expect(await bench.pg.query(database, 'select id from databasechangelog')).toEqual([{ id: 't' }]);
  });

  it.each([
    [
      'a file that includes itself',
      '<include file="changelog.xml"/>',
      'a file includes itself, directly or through others',
    ],
    [
      'changelog parameters in a circle',
      '<property name="a" value="${b}"/><property name="b" value="${a}"/><changeSet id="1" author="x"><sql>select ${a}</sql></changeSet>',
      'a changelog parameter refers to itself, directly or through others',
    ],
  ])('says why %s cannot be read', async (_what, body, reason) => {
    bench.checkOut({ 'changelog.xml': xml(body) });
    const { finished } = await bench.run(await bench.freshDatabase(), 'changelog.xml');
    expect(finished).toMatchObject({
      status: 'failed',
      error: {
        message: `the changelog cannot be read, because it has no end: ${reason} (StackOverflowError); nothing was applied`,
      },
    });
  });

  it.each([
    [
      'before the first changeset',
      '--include file:more.sql relativeToChangelogFile:true\n--changeset x:1\ncreate table t1 (id int);\n',
    ],
    ['alone', '-- includeAll path:db/\n'],
    [
      'within a changeset',
      '--changeset x:1\ncreate table t1 (id int);\n  --Include relativeToChangelogFile:true file:"more.sql"\n',
    ],
  ])('refuses formatted SQL that includes other files, %s, instead of leaving them out', async (_where, body) => {
    bench.checkOut({
      'changelog.sql': `--liquibase formatted sql\n${body}`,
      'more.sql': '--liquibase formatted sql\n--changeset x:2\ncreate table t2 (id int);\n',
    });
    const { finished } = await bench.run(await bench.freshDatabase(), 'changelog.sql');
    expect(finished).toMatchObject({
      status: 'failed',
      error: {
        message: expect.stringMatching(
          /^changelog\.sql says "--.*", and files of formatted SQL that include others are part of the commercial Liquibase; include them from a changelog in XML, YAML or JSON\. Nothing was applied$/,
        ),
      },
    });
  });

  it('takes a comment for one that only begins with the word include', async () => {
    bench.checkOut({
      'changelog.sql':
        '--liquibase formatted sql\n-- include file: none\n--changeset x:1\n-- include the new table\ncreate table t1 (id int);\n',
    });
    const database = await bench.freshDatabase();
    expect((await bench.run(database, 'changelog.sql')).finished.error).toBeUndefined();
    expect(await bench.pg.query(database, 'select * from t1')).toEqual([]);
  });

  describe('loadData beside a text column', () => {
    const columns = 'id int, tx text, n numeric(10,2), r real, b boolean, d date, tz timestamptz, u uuid, j jsonb';
    const rows =
      'id,tx,n,r,b,d,tz,u,j\n1,it\'s \\ text,1.50,2.5,true,2020-02-29,2020-02-29T12:34:56,6ba7b810-9dad-11d1-80b4-00c04fd430c8,"{""a"":1}"\n2,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL\n';
    const load = (attributes: string): string =>
      xml(
        `<changeSet id="t" author="x"><sql>create table l (${columns})</sql></changeSet><changeSet id="1" author="x"><loadData file="a.csv" tableName="l" ${attributes}/></changeSet>`,
      );

    it('takes the other columns as it does without one', async () => {
      bench.checkOut({ 'changelog.xml': load(''), 'a.csv': rows });
      const database = await bench.freshDatabase();
      expect((await bench.run(database, 'changelog.xml')).finished.error).toBeUndefined();
      expect(await bench.pg.query(database, 'select tx, n::text, r, b, d::text, u, j from l where id = 1')).toEqual([
        {
          tx: "it's \\ text",
          n: '1.50',
          r: 2.5,
          b: true,
          d: '2020-02-29',
          u: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
          j: { a: 1 },
        },
      ]);
    });

    it.each([
      ['are text', ''],
      ['name files', '4,long.txt\n'],
    ])('loads every row, also those that hold NULL where others %s', async (_what, more) => {
      bench.checkOut({
        'changelog.xml': load(''),
        'a.csv': `id,tx\n1,NULL\n2,one\n3,null\n${more}`,
        'long.txt': 'from a file',
      });
      const database = await bench.freshDatabase();
      expect((await bench.run(database, 'changelog.xml')).finished.error).toBeUndefined();
      const loaded = [
        { id: 1, tx: null },
        { id: 2, tx: 'one' },
        { id: 3, tx: null },
        { id: 4, tx: 'from a file' },
      ];
      expect(await bench.pg.query(database, 'select id, tx from l order by id')).toEqual(
        loaded.slice(0, more === '' ? 3 : 4),
      );
    });

    it('says which statement failed, not that the transaction had failed before', async () => {
      bench.checkOut({ 'changelog.xml': load('usePreparedStatements="true"'), 'a.csv': rows });
      const { finished } = await bench.run(await bench.freshDatabase(), 'changelog.xml');
      expect(finished).toMatchObject({
        status: 'failed',
        error: {
          sqlState: '42804',
          message: expect.stringMatching(/column "\w+" is of type \w+ but expression is of type character varying/),
        },
      });
    });
  });

  describe('the history of a database that older versions and other tools have managed', () => {
    const old = `create table databasechangelog (id varchar(63) not null, author varchar(63) not null, filename varchar(200) not null, dateexecuted timestamptz not null, {columns} md5sum varchar({size}), description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar({short}), constraint pk_databasechangelog primary key (id, author, filename));
      create table databasechangeloglock (id int primary key, locked boolean not null, lockgranted timestamptz, lockedby varchar(255)); insert into databasechangeloglock values (1, false, null, null); create table t1 (id int);`;
    const changelog = xml(
      `<changeSet id="1" author="dev">${table('t1')}</changeSet><changeSet id="2" author="dev">${table('t2')}</changeSet>`,
    );
    const today = 'orderexecuted int not null, exectype varchar(10) not null,';

    async function olden(
      database: string,
      shape: { columns: string; size?: number; short?: number },
      row: string,
    ): Promise<void> {
      const ddl = old
        .replace('{columns}', shape.columns)
        .replace('{size}', String(shape.size ?? 35))
        .replace('{short}', String(shape.short ?? 20));
      await bench.pg.query(database, `${ddl} insert into databasechangelog ${row}`);
    }

    it.each([
      [
        'Liquibase 2 and 3.0 to 3.4',
        { columns: today },
        `(id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, liquibase) values ('1', 'dev', 'changelog.xml', '2013-05-05', 1, 'EXECUTED', '3:0123456789abcdef0123456789abcdef', '2.0.5')`,
      ],
      [
        'Liquibase 1',
        { columns: '', size: 32, short: 10 },
        `(id, author, filename, dateexecuted, md5sum, liquibase) values ('1', 'dev', 'changelog.xml', '2009-05-05', '0123456789abcdef0123456789abcdef', '1.9.5')`,
      ],
    ])(
      "of %s gets its missing columns and today's checksums; what is recorded counts as deployed",
      async (_what, shape, row) => {
        bench.checkOut({ 'changelog.xml': changelog });
        const database = await bench.freshDatabase();
        await olden(database, shape, row);
        const { finished } = await bench.run(database, 'changelog.xml');
        expect(finished).toMatchObject({
          status: 'succeeded',
          history: [{ id: '1', labels: null, checksum: expect.stringMatching(/^9:/) }, { id: '2' }],
          pending: [],
        });
        // From here on the stock command line agrees: it finds nothing to do.
        expect(await bench.stock(database, 'changelog.xml')).toMatchObject({ succeeded: true });
        expect(await tables(database)).toEqual(['t1', 't2']);
      },
    );

    it('with checksums of version 8, and without any, ends as the stock command line leaves it', async () => {
      bench.checkOut({ 'changelog.xml': changelog });
      const [ours, theirs, probe] = [
        await bench.freshDatabase(),
        await bench.freshDatabase(),
        await bench.freshDatabase(),
      ];
      const row = (id: string, checksum: string): string =>
        `(id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, liquibase) values ('${id}', 'dev', 'changelog.xml', '2016-05-05', ${id}, 'EXECUTED', ${checksum}, '3.5.5')`;
      await olden(probe, { columns: today }, row('1', `'8:0123456789abcdef0123456789abcdef'`));
      const changed = await bench.run(probe, 'changelog.xml');
      const checksum = /but is now: (8:[0-9a-f]{32})/.exec(changed.finished.error?.message ?? '')?.[1];
      expect(checksum).toBeDefined();
      for (const database of [ours, theirs]) {
        await olden(database, { columns: today }, row('1', `'${checksum}'`));
        await bench.pg.query(database, `create table t2 (id int); insert into databasechangelog ${row('2', 'null')}`);
      }
      expect([
        (await bench.run(ours, 'changelog.xml')).finished.error,
        await bench.stock(theirs, 'changelog.xml'),
      ]).toMatchObject([undefined, { succeeded: true }]);
      expect(await bench.picture(ours)).toEqual(await bench.picture(theirs));
    });
  });
});
