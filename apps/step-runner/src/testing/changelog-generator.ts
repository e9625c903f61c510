import { stringify } from 'yaml';
import { renderXml } from './changelog-xml.js';
import { renderSql } from './changelog-sql.js';
import { changelogKinds, type Kind } from './changelog-kinds.js';
import { Random } from '@sluice/testing';

/** The attributes of an element, its children by name, and lists of `{ name: element }`, as Liquibase's JSON and YAML have them. */
export interface Element {
  readonly [name: string]: string | number | boolean | Element | readonly Element[] | undefined;
}

export interface GeneratedChangeset {
  readonly attributes: { readonly id: string; readonly author: string; readonly [name: string]: string | boolean };
  readonly comment?: string;
  readonly validCheckSum?: string;
  readonly preConditions?: readonly Element[];
  readonly changes: readonly Element[];
  readonly rollback?: string;
  readonly modifySql?: Element;
}

export type Entry =
  | { readonly property: Element }
  | { readonly include: Element }
  | { readonly includeAll: Element }
  | { readonly changeSet: GeneratedChangeset };

/** A project, and two runs of it: the second has further changesets, changed files and other filters. */
export interface GeneratedProject {
  readonly changelog: string;
  readonly files: Readonly<Record<string, string>>;
  readonly changed: Readonly<Record<string, string>>;
  readonly first: Selection;
  readonly second: Selection;
}

export interface Selection {
  readonly contexts: string;
  readonly labels: string;
  readonly parameters: Readonly<Record<string, string>>;
}

type Format = 'xml' | 'yaml' | 'json' | 'sql';

const CONTEXTS = [
  'dev',
  'prod',
  'test',
  '!dev',
  'prod and !test',
  'dev or test',
  'dev, prod',
  '(dev or prod) and !test',
];
const LABELS = ['alpha', 'beta', 'alpha,beta', 'gamma'];
const ON_FAIL = ['MARK_RAN', 'CONTINUE', 'WARN', 'HALT'];

/** Makes a project from a seed: the same seed, the same project. */
export function generateProject(seed: number): GeneratedProject {
  return new Generator(new Random(seed)).project();
}

/** A project of a base table and these kinds of changelogs. */
export function projectOfKinds(kinds: readonly Kind[], selection: Selection): GeneratedProject {
  const entries: Entry[] = [
    { property: { name: 'p1', value: 'one' } },
    { changeSet: base() },
    ...kinds.map(({ entry }) => ({ include: { file: entry } })),
  ];
  const files = Object.assign(
    { 'db/root.yaml': render('yaml', entries, {}) },
    ...kinds.map((kind) => kind.files),
  ) as Record<string, string>;
  return {
    changelog: 'db/root.yaml',
    files,
    changed: Object.assign({ ...files }, ...kinds.map(({ changed }) => changed ?? {})) as Record<string, string>,
    first: selection,
    second: selection,
  };
}

class Generator {
  private readonly files: Record<string, string> = {};
  private readonly changed: Record<string, string> = {};
  private count = 0;

  constructor(private readonly random: Random) {}

  project(): GeneratedProject {
    const root = this.random.pick(['xml', 'yaml', 'json'] as const);
    const tail: Entry[] = [{ changeSet: this.changeset('db', root, ['late']) }];
    const entries: Entry[] = [...this.properties(), { changeSet: base() }];
    for (const format of ['xml', 'yaml', 'json', 'sql'] as const) entries.push(this.included(format));
    entries.push(this.includedFolder(), ...this.kinds(4));
    for (let index = 0; index < 3; index += 1) entries.push({ changeSet: this.changeset('db', root, []) });
    const changelog = `db/root.${root}`;
    this.files[changelog] = render(root, entries, this.random.chance(0.2) ? { logicalFilePath: 'logical/root' } : {});
    this.changed[changelog] = render(
      root,
      [...entries, ...tail],
      this.files[changelog]?.includes('logical/root') ? { logicalFilePath: 'logical/root' } : {},
    );
    const parameters = { given: 'from_user', p1: this.random.chance(0.3) ? 'p1_of_user' : 'unused' };
    const first = { ...this.selection(), parameters };
    // Other filters mostly give properties other values, and then the second run ends with changed checksums: seldom.
    const second = this.random.chance(0.75) ? first : { ...this.selection(), parameters };
    return { changelog, files: this.files, changed: { ...this.files, ...this.changed }, first, second };
  }

  private kinds(count: number): Entry[] {
    const some = this.random.shuffle(changelogKinds(this.random).filter(({ fails }) => !fails)).slice(0, count);
    Object.assign(this.files, ...some.map(({ files }) => files));
    Object.assign(this.changed, ...some.map(({ changed }) => changed ?? {}));
    return some.map(({ entry }) => ({ include: { file: entry } }));
  }

  private selection(): Omit<Selection, 'parameters'> {
    return {
      contexts: this.random.pick(['', 'dev', 'prod', 'test', 'dev,test']),
      labels: this.random.pick(['', 'alpha', 'alpha or beta', '!gamma', 'beta and !alpha']),
    };
  }

  /** The same names several times: which one holds depends on context, labels, database and file. */
  private properties(): Entry[] {
    const of = (name: string, value: string, more: Element): Entry => ({ property: { name, value, ...more } });
    const some: Entry[] = [
      of('p1', 'one_dev', { context: 'dev' }),
      of('p1', 'one_prod', { context: 'prod' }),
      of('p1', 'one_else', {}),
      of('p2', 'two_alpha', { labels: 'alpha' }),
      of('p2', 'two_other', { labels: 'beta' }),
      of('p2', 'two_else', { global: true }),
      of('p3', 'three_h2', { dbms: 'h2' }),
      of('p3', 'three_pg', { dbms: 'postgresql,mysql' }),
      of('p4', 'four_local', { global: false }),
      of('p4', 'four_global', {}),
      of('p5', '${p1}_nested', {}),
    ];
    this.files['db/more.properties'] = 'p6=six_of_file\np1=late\n';
    return [...this.random.shuffle(some), { property: { file: 'db/more.properties' } }];
  }

  private included(format: Format): Entry {
    const name = `part_${format}`;
    const folder = this.random.pick(['db/parts', 'db/parts/deep', 'other']);
    const entries: Entry[] =
      format === 'sql'
        ? [{ property: { name: 'p4', value: 'four_sql', global: this.random.chance(0.5) } }]
        : [{ property: { name: 'p4', value: `four_${format}`, global: this.random.chance(0.5) } }];
    for (let index = 0; index < 3; index += 1) entries.push({ changeSet: this.changeset(folder, format, []) });
    const path = `${folder}/${name}.${format}`;
    this.files[path] = render(format, entries, this.random.chance(0.3) ? { logicalFilePath: `logical/${name}` } : {});
    const isRelative = folder !== 'other' && this.random.chance(0.5);
    return {
      include: {
        file: isRelative ? path.slice('db/'.length) : path,
        relativeToChangelogFile: isRelative,
        ...this.filters(0.3),
      },
    };
  }

  private includedFolder(): Entry {
    const folder = 'db/all';
    for (const [name, format] of [
      ['10_a', 'sql'],
      ['2_b', 'yaml'],
      ['1_c', 'xml'],
      ['sub/0_d', 'json'],
    ] as const) {
      this.files[`${folder}/${name}.${format}`] = render(
        format,
        [{ changeSet: this.changeset(folder, format, []) }],
        {},
      );
    }
    const isRelative = this.random.chance(0.5);
    return {
      includeAll: {
        path: isRelative ? 'all' : `${folder}/`,
        relativeToChangelogFile: isRelative,
        ...this.filters(0.3),
      },
    };
  }

  private filters(probability: number): { context?: string; labels?: string } {
    return {
      ...(this.random.chance(probability) ? { context: this.random.pick(CONTEXTS) } : {}),
      ...(this.random.chance(probability) ? { labels: this.random.pick(LABELS) } : {}),
    };
  }

  private changeset(folder: string, format: Format, marks: readonly string[]): GeneratedChangeset {
    this.count += 1;
    const id = this.random.chance(0.2) ? `\${p1}-${this.count}` : `${marks.join('')}${this.count}`;
    const flag = (name: string, probability: number, value: string | boolean): Record<string, string | boolean> =>
      this.random.chance(probability) ? { [name]: value } : {};
    const repeats = { ...flag('runAlways', 0.08, true), ...flag('runOnChange', 0.15, true) };
    return {
      attributes: {
        id,
        author: this.random.pick(['ann', 'bob', 'ann.o']),
        ...this.filters(0.35),
        ...repeats,
        ...flag('failOnError', 0.15, false),
        ...flag('runInTransaction', 0.1, false),
        ...flag('dbms', 0.15, this.random.pick(['postgresql', 'h2', '!h2', 'postgresql,mysql'])),
        ...flag('logicalFilePath', 0.1, 'own/path'),
      },
      ...(this.random.chance(0.4) ? { comment: `comment of \${p2} ${this.count}` } : {}),
      ...(this.random.chance(0.1) ? { validCheckSum: 'any' } : {}),
      ...(this.random.chance(0.35) ? { preConditions: this.preConditions(format) } : {}),
      ...(Object.keys(repeats).length > 0 ? this.repeatable(folder, format) : this.work(folder, format)),
      ...(format !== 'sql' && this.random.chance(0.15)
        ? {
            modifySql: {
              dbms: this.random.pick(['postgresql', 'h2']),
              replace: { replace: 'varchar(50)', with: 'varchar(60)' },
            },
          }
        : {}),
    };
  }

  private preConditions(format: Format): readonly Element[] {
    // A run that halts shows little: seldom.
    const onFail = this.random.chance(0.1) ? 'HALT' : this.random.pick(ON_FAIL.slice(0, 3));
    const sqlCheck = {
      sqlCheck: {
        expectedResult: this.random.pick(['0', '1']),
        sql: "select count(*) from information_schema.tables where table_name = 'base'",
      },
    };
    if (format === 'sql') return [{ onFail }, sqlCheck];
    const others: readonly Element[] = [
      { tableExists: { tableName: 'base' } },
      { not: [{ tableExists: { tableName: '${p1}_t' } }] },
      { or: [{ dbms: { type: 'h2' } }, { dbms: { type: 'postgresql' } }] },
      { changeSetExecuted: { id: 'base', author: 'gen', changeLogFile: 'db/root.xml' } },
      { changeLogPropertyDefined: { property: 'p6' } },
    ];
    return [
      { onFail, onError: 'MARK_RAN', ...(this.random.chance(0.3) ? { onFailMessage: 'as ${p1} said' } : {}) },
      this.random.pick([sqlCheck, ...others]),
    ];
  }

  /** What can be run again and again. */
  private repeatable(folder: string, format: Format): Pick<GeneratedChangeset, 'changes' | 'rollback'> {
    const sql = `update base set note = '${this.count} \${p1}'`;
    const rollback = 'select 1';
    if (format === 'sql' || this.random.chance(0.4)) return { changes: [{ sql: { sql } }], rollback };
    const path = `${folder}/sql/again_${this.count}.sql`;
    this.files[path] = `${sql};\n`;
    this.changed[path] =
      `${sql};\ninsert into base (id, name) values (${this.count}, 'changed') on conflict do nothing;\n`;
    return { changes: [{ sqlFile: { path } }], rollback };
  }

  private work(folder: string, format: Format): Pick<GeneratedChangeset, 'changes' | 'rollback'> {
    if (format !== 'sql' && this.random.chance(0.08))
      return { changes: [{ tagDatabase: { tag: `tag_${this.count}` } }], rollback: 'select 1' };
    const table = `t${this.count}_\${${this.random.pick(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'given', 'undefined_one'])}}`;
    const quoted = `"${table}"`;
    const create = `create table ${quoted} (id int, v varchar(50) default '\${p3}')`;
    if (format === 'sql') {
      const body = this.random.pick([
        `${create};\ninsert into ${quoted} values (1, 'a;b')`,
        `${create}; -- a comment with a ; in it\n/* another; */ insert into ${quoted} (id) values (2)`,
        create,
      ]);
      return { changes: [{ sql: { sql: body } }], rollback: `drop table ${quoted}` };
    }
    const made = {
      createTable: {
        tableName: table,
        columns: [
          { column: { name: 'id', type: 'int', autoIncrement: this.random.chance(0.3) } },
          { column: { name: 'v', type: 'varchar(50)', defaultValue: '${p3}' } },
        ],
      },
    };
    const more: readonly (() => Element)[] = [
      () => ({
        insert: {
          tableName: table,
          columns: [
            { column: { name: 'id', valueNumeric: 1 } },
            { column: { name: 'v', value: "value of ${p2} 'quoted' & <tagged>" } },
          ],
        },
      }),
      () => ({
        addColumn: {
          tableName: table,
          columns: [{ column: { name: 'w', type: 'boolean', defaultValueBoolean: true } }],
        },
      }),
      () => ({ createIndex: { tableName: table, indexName: `i_${this.count}`, columns: [{ column: { name: 'v' } }] } }),
      () => ({ update: { tableName: table, columns: [{ column: { name: 'v', value: 'changed' } }], where: 'id = 1' } }),
      () => ({
        createView: { viewName: `v_${this.count}`, replaceIfExists: true, selectQuery: `select id from ${quoted}` },
      }),
      () => ({
        sql: {
          splitStatements: this.random.chance(0.5),
          stripComments: this.random.chance(0.5),
          sql: `insert into ${quoted} (id, v) values (3, 'x')`,
        },
      }),
      () => ({
        sql: {
          endDelimiter: '\\nGO',
          sql: `insert into ${quoted} (id) values (4)\nGO\ninsert into ${quoted} (id) values (5)\nGO`,
        },
      }),
      () => this.sqlFile(folder, quoted),
      () => this.loadData(folder, table),
    ];
    const changes = [
      made,
      this.random.pick(more)(),
      ...(this.random.chance(0.3) ? [this.random.pick(more.slice(0, 4))()] : []),
    ];
    return { changes, rollback: `drop table ${quoted} cascade` };
  }

  private sqlFile(folder: string, quoted: string): Element {
    const path = `${folder}/sql/${this.count}.sql`;
    this.files[path] =
      `insert into ${quoted} (id, v) values (6, 'from a file \${p1}');\r\n-- a comment\r\ninsert into ${quoted} (id) values (7);`;
    if (this.random.chance(0.3)) this.changed[path] = `${this.files[path]}\ninsert into ${quoted} (id) values (8);`;
    return this.random.chance(0.5)
      ? { sqlFile: { path, splitStatements: true, stripComments: this.random.chance(0.5) } }
      : { sqlFile: { path: `sql/${this.count}.sql`, relativeToChangelogFile: true } };
  }

  private loadData(folder: string, table: string): Element {
    const path = `${folder}/csv/${this.count}.csv`;
    const separator = this.random.pick([',', ';']);
    this.files[path] = [
      ['id', 'v'],
      ['10', '"a, ""b"""'],
      ['11', 'NULL'],
      ['12', this.random.pick(['', 'é', '"x;y"'])],
    ]
      .map((cells) => cells.join(separator))
      .join('\n');
    const load = { file: path, tableName: table, separator };
    return this.random.chance(0.6) ? { loadData: load } : { loadUpdateData: { ...load, primaryKey: 'id' } };
  }
}

function base(): GeneratedChangeset {
  const columns = [
    { column: { name: 'id', type: 'int', constraints: { primaryKey: true, nullable: false } } },
    { column: { name: 'name', type: 'varchar(200)' } },
    { column: { name: 'note', type: 'varchar(50)', defaultValue: 'none' } },
  ];
  return {
    attributes: { id: 'base', author: 'gen' },
    changes: [{ createTable: { tableName: 'base', remarks: 'the base table', columns } }],
    rollback: 'drop table base',
  };
}

function render(format: Format, entries: readonly Entry[], attributes: Readonly<Record<string, string>>): string {
  switch (format) {
    case 'xml':
      return renderXml(entries, attributes);
    case 'sql':
      return renderSql(entries, attributes);
    case 'yaml':
      return stringify(asObject(entries, attributes));
    case 'json':
      return JSON.stringify(asObject(entries, attributes), null, 1);
  }
}

function asObject(entries: readonly Entry[], attributes: Readonly<Record<string, string>>): object {
  return {
    databaseChangeLog: [
      ...Object.entries(attributes).map(([name, value]) => ({ [name]: value })),
      ...entries.map((entry) => ('changeSet' in entry ? { changeSet: changesetAsObject(entry.changeSet) } : entry)),
    ],
  };
}

function changesetAsObject({
  attributes,
  comment,
  validCheckSum,
  preConditions,
  changes,
  rollback,
  modifySql,
}: GeneratedChangeset): object {
  return {
    ...attributes,
    ...(comment === undefined ? {} : { comment }),
    ...(validCheckSum === undefined ? {} : { validCheckSum }),
    ...(preConditions === undefined ? {} : { preConditions }),
    changes,
    ...(rollback === undefined ? {} : { rollback: [{ sql: { sql: rollback } }] }),
    ...(modifySql === undefined ? {} : { modifySql }),
  };
}
