import type { Random } from '@sluice/testing';
import { sqlKinds } from './changelog-sql-kinds.js';

/** Files of a project, by path. */
type Files = Readonly<Record<string, string>>;

/** Changelogs for one part of what the formats can say. `entry` is the file that the root includes. */
export interface Kind {
  readonly name: string;
  readonly entry: string;
  readonly files: Files;
  /** Files as the second run finds them. */
  readonly changed?: Files;
  /** Ends in an error, in both engines. */
  readonly fails?: boolean;
}

const HEAD =
  'xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd"';

function xml(body: string, attributes = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<databaseChangeLog ${HEAD} ${attributes}>\n${body}\n</databaseChangeLog>\n`;
}

/** A changeset that makes a table of that name. */
function making(table: string, attributes = '', inside = ''): string {
  return `<changeSet id="${table}" author="kind" ${attributes}>${inside}<createTable tableName="${table}"><column name="id" type="int"/><column name="v" type="varchar(80)" defaultValue="\${p1}"/></createTable></changeSet>`;
}

/**
 * One of each kind, with what the seed picks inside. What runs again has a rollback: of the last changesets either all can be rolled back or the very last
 * cannot, because ours rolls nothing back where the stock command line stops half way.
 */
export function changelogKinds(random: Random): readonly Kind[] {
  return [
    preconditionsOfFile(random),
    ...sqlKinds(random),
    includes(random),
    folders(random),
    properties(random),
    preconditions(random),
    order(),
    rollbacks(),
    data(random),
    texts(),
    yaml(),
  ];
}

function includes(random: Random): Kind {
  const folder = 'kinds/includes';
  const mark = random.pick([
    'context="dev"',
    'contextFilter="prod or dev"',
    'labels="alpha"',
    'context="!test" labels="!gamma"',
    'ignore="false"',
  ]);
  return {
    name: 'includes',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        <include file="deep/one.xml" relativeToChangelogFile="true"/>
        <include file="./deep/../deep/two.yaml" relativeToChangelogFile="true" ${mark}/>
        <include file="${folder}//deep/three.sql" ${mark}/>
        <include file="deep/never.xml" relativeToChangelogFile="true" ignore="true"/>
        <include file="missing.xml" relativeToChangelogFile="true" errorIfMissing="false"/>
        <include file="deep/raw.sql" relativeToChangelogFile="true"/>`),
      [`${folder}/deep/one.xml`]: xml(
        `${making('in_one')}<include file="../up.json" relativeToChangelogFile="true" context="dev,prod,test"/>${making('in_one_again', 'logicalFilePath="own/one.xml"')}`,
        'logicalFilePath="logical/one.xml" context="!never"',
      ),
      [`${folder}/deep/two.yaml`]:
        'databaseChangeLog:\n- changeSet: {id: in_two, author: kind, contextFilter: "!never", changes: [{createTable: {tableName: in_two, columns: [{column: {name: id, type: int}}]}}]}\n- include: {file: three_more.sql, relativeToChangelogFile: true, labels: "!beta"}\n',
      [`${folder}/deep/three.sql`]:
        '--liquibase formatted sql\n--changeset kind:in_three labels:alpha,beta\ncreate table in_three (id int);\n',
      [`${folder}/deep/three_more.sql`]:
        '--liquibase formatted sql\n--changeset kind:in_three_more context:"dev or prod"\ncreate table in_three_more (id int);\n',
      [`${folder}/deep/never.xml`]: xml(making('in_never')),
      [`${folder}/deep/raw.sql`]: 'create table in_raw (id int); -- not formatted\ninsert into in_raw values (1);\n',
      [`${folder}/up.json`]: JSON.stringify({
        databaseChangeLog: [
          {
            changeSet: {
              id: 'in_up',
              author: 'kind',
              labels: 'alpha',
              changes: [{ createTable: { tableName: 'in_up', columns: [{ column: { name: 'id', type: 'int' } }] } }],
            },
          },
        ],
      }),
    },
  };
}

/** Names whose order differs by letters, numbers, and depth. */
function folders(random: Random): Kind {
  const folder = 'kinds/folders';
  const names = [
    'b/10.sql',
    'b/9.sql',
    'B/1.sql',
    'a.sql',
    'A.sql',
    'a-1.sql',
    'a_1.sql',
    'a/z/deep.sql',
    'a/1.sql',
    'é.sql',
    'with space.sql',
  ];
  const depth = random.pick(['', 'maxDepth="1"', 'minDepth="2"', 'minDepth="1" maxDepth="2"']);
  return {
    name: 'folders',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        <includeAll path="all" relativeToChangelogFile="true" endsWithFilter="${random.pick(['.sql', '1.sql', 'SQL'])}" ${depth} errorIfMissingOrEmpty="false"/>
        <includeAll path="${folder}/none" errorIfMissingOrEmpty="false"/>
        <includeAll path="${folder}/marked/" ${random.pick(['context="dev"', 'labels="alpha"', 'contextFilter="!dev"'])}/>`),
      ...Object.fromEntries(
        names.map((name, index) => [
          `${folder}/all/${name}`,
          `--liquibase formatted sql\n--changeset kind:folder-${index}\ncreate table folder_${index} (id int);\n`,
        ]),
      ),
      [`${folder}/all/readme.txt`]: 'not a changelog',
      [`${folder}/marked/1.xml`]: xml(making('marked_1')),
      [`${folder}/marked/2.yml`]:
        'databaseChangeLog:\n- changeSet: {id: marked_2, author: kind, changes: [{sql: {sql: "create table marked_2 (id int)"}}]}\n',
    },
  };
}

function properties(random: Random): Kind {
  const folder = 'kinds/properties';
  const global = random.pick(['', 'global="false"', 'global="true"']);
  const using = (name: string): string =>
    `<changeSet id="${name}" author="kind"><sql>create table "${name}_\${scope.name}_\${from.file}_\${of_include}" (id int)</sql></changeSet>`;
  return {
    name: 'properties',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        <property file="set/first.properties" relativeToChangelogFile="true" ${global}/>
        <property file="${folder}/set/second.properties" ${random.pick(['context="dev"', 'labels="alpha"', 'dbms="h2"', 'dbms="!h2"', 'dbms="postgresql, mysql"'])}/>
        <property file="set/none.properties" relativeToChangelogFile="true" errorIfMissing="false"/>
        <property name="scope.name" value="outer" ${global}/>
        <property name="scope.name" value="too late"/>
        ${using('before')}
        <include file="inner.xml" relativeToChangelogFile="true"/>
        <include file="${folder}/inner.yaml"/>
        ${using('after')}`),
      [`${folder}/inner.xml`]: xml(
        `<property name="scope.name" value="inner" global="false"/><property name="of_include" value="x" ${global}/><property name="from.file" value="inner" dbms="postgresql" global="false"/>${using('inner')}`,
      ),
      [`${folder}/inner.yaml`]: `databaseChangeLog:\n- property: {name: scope.name, value: yaml, global: ${random.chance(0.5)}}\n- property: {name: of_include, value: 7}\n- changeSet: {id: "yaml \${scope.name}", author: "\${of_include}", changes: [{sql: {sql: 'create table "yaml_\${scope.name}_\${of_include}" (id int)'}}]}\n`,
      [`${folder}/set/first.properties`]: 'from.file = first\n# comment\nscope.name: of\\ file\nunused=\\u00e9\n',
      [`${folder}/set/second.properties`]: 'from.file=second\n',
    },
  };
}

function preconditions(random: Random): Kind {
  const folder = 'kinds/preconditions';
  const no = '<tableExists tableName="no_such_table"/>';
  const error = '<sqlCheck expectedResult="1">select count(*) from no_such_table</sqlCheck>';
  const part = (name: string, own: string, check: string): [string, string] => [
    `${folder}/${name}.xml`,
    xml(`<preConditions ${own}>${check}</preConditions>${making(`pre_${name}`)}`),
  ];
  return {
    name: 'preconditions',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        <include file="warned.xml" relativeToChangelogFile="true"/><include file="error.xml" relativeToChangelogFile="true"/>
        ${making('pre_a', '', `<preConditions onFail="${random.pick(['MARK_RAN', 'CONTINUE', 'WARN'])}" onFailMessage="no \${p1}">${no}</preConditions>`)}
        ${making('pre_b', '', `<preConditions onError="${random.pick(['MARK_RAN', 'CONTINUE', 'WARN'])}" onErrorMessage="oops">${error}</preConditions>`)}
        ${making('pre_c', '', `<preConditions onFail="MARK_RAN"><or><not><dbms type="postgresql"/></not><and><columnExists tableName="pre_a" columnName="v"/><runningAs username="postgres"/></and></or></preConditions>`)}
        ${making('pre_d', '', `<preConditions onFail="CONTINUE"><changeSetExecuted id="pre_c" author="kind" changeLogFile="${folder}/main.xml"/><rowCount tableName="base" expectedRows="${random.pick(['0', '5'])}"/></preConditions>`)}
        ${making('pre_e', '', '<preConditions onFail="MARK_RAN" onSqlOutput="TEST"><sequenceExists sequenceName="none"/></preConditions>')}
        ${making('pre_f', 'failOnError="false"', `<preConditions>${no}</preConditions>`)}`),
      ...Object.fromEntries([
        part('warned', 'onFail="WARN" onError="WARN"', no),
        part('error', 'onError="WARN"', error),
      ]),
    },
  };
}

/** XML allows HALT and WARN only; the other formats have no schema that asks. */
function preconditionsOfFile(random: Random): Kind {
  const entry = 'kinds/preconditions/file.yaml';
  const ending = random.pick(['MARK_RAN', 'CONTINUE', 'HALT']);
  return {
    name: `preconditions of a file with ${ending}`,
    entry,
    fails: true,
    files: {
      [entry]: `databaseChangeLog:\n- preConditions: [{onFail: ${ending}}, {tableExists: {tableName: no_such_table}}]\n- changeSet: {id: of_file, author: kind, changes: [{sql: {sql: "create table of_file (id int)"}}]}\n`,
    },
  };
}

function order(): Kind {
  const folder = 'kinds/order';
  return {
    name: 'order',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        ${making('order_last', 'runOrder="last"')}${making('order_a')}${making('order_first', 'runOrder="first"')}${making('order_ignored', 'ignore="true"')}
        <changeSet id="tag" author="kind"><tagDatabase tag="kind-tag"/></changeSet>
        <changeSet id="always" author="kind" runAlways="true"><sql>insert into order_a (id) values (1)</sql><rollback/></changeSet>
        <changeSet id="fails" author="kind" failOnError="false"><sql>insert into nowhere values (1)</sql></changeSet>
        <changeSet id="same" author="kind"><sql>insert into order_a (id) values (2)</sql></changeSet><changeSet id="same" author="other"><sql>insert into order_a (id) values (3)</sql></changeSet>
        <changeSet id="Same" author="kind"><sql>insert into order_a (id) values (4)</sql></changeSet>
        <include file="same.xml" relativeToChangelogFile="true"/>
        ${making('dbms_not', 'dbms="!h2, !oracle"')}${making('dbms_all', 'dbms="all"')}${making('dbms_none', 'dbms="none"')}${making('dbms_mixed', 'dbms="!postgresql, h2"')}
        <changeSet id="quoted" author="kind" objectQuotingStrategy="QUOTE_ALL_OBJECTS"><createTable tableName="Quoted Name"><column name="Id" type="int"/><column name="order" type="varchar(5)"/></createTable></changeSet>
        <changeSet id="reserved" author="kind" objectQuotingStrategy="QUOTE_ONLY_RESERVED_WORDS"><createTable tableName="ReservedOnly"><column name="order" type="int"/></createTable></changeSet>
        <changeSet id="created" author="kind" created="2020-01-01" runInTransaction="false"><sql>create table created_at (id int)</sql></changeSet>`),
      [`${folder}/same.xml`]: xml(
        '<changeSet id="same" author="kind"><sql>insert into order_a (id) values (5)</sql></changeSet>',
        'objectQuotingStrategy="QUOTE_ALL_OBJECTS"',
      ),
    },
    changed: {
      [`${folder}/same.xml`]: xml(
        '<changeSet id="same" author="kind"><validCheckSum>1:any</validCheckSum><sql>insert into order_a (id) values (6)</sql></changeSet><changeSet id="once more" author="kind" runOnChange="true"><sql>insert into order_a (id) values (7)</sql><rollback/></changeSet>',
      ),
    },
  };
}

function rollbacks(): Kind {
  const folder = 'kinds/rollbacks';
  return {
    name: 'rollbacks',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        ${making('roll_a', '', '')}
        <changeSet id="reference" author="kind"><dropTable tableName="roll_a"/><rollback changeSetId="roll_a" changeSetAuthor="kind"/></changeSet>
        <changeSet id="by path" author="kind"><sql>select 1</sql><rollback changeSetId="roll_a" changeSetAuthor="kind" changeSetPath="${folder}/main.xml"/></changeSet>
        <changeSet id="empty" author="kind"><sql>select 2</sql><rollback/></changeSet>
        <changeSet id="several" author="kind"><sql>create table roll_b (id int)</sql><sql>create table roll_c (id int)</sql><rollback>drop table roll_c</rollback><rollback><dropTable tableName="roll_b"/></rollback></changeSet>
        <changeSet id="file" author="kind"><sql>create table roll_d (id int)</sql><rollback><sqlFile path="undo.sql" relativeToChangelogFile="true"/></rollback></changeSet>
        <changeSet id="modified" author="kind"><createTable tableName="roll_e"><column name="id" type="int"/></createTable><modifySql applyToRollback="true" dbms="postgresql"><append value=" "/></modifySql></changeSet>`),
      [`${folder}/undo.sql`]: 'drop table roll_d;\n-- and nothing else\n',
    },
  };
}

function data(random: Random): Kind {
  const folder = 'kinds/data';
  const types =
    '<column name="id" type="numeric"/><column name="ok" type="boolean"/><column name="at" type="datetime"/><column name="n" type="numeric" header="amount"/><column name="skipped" type="skip"/>';
  return {
    name: 'data',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(`
        <changeSet id="data table" author="kind"><createTable tableName="data_rows"><column name="id" type="int"><constraints primaryKey="true" nullable="false"/></column><column name="ok" type="boolean"/><column name="at" type="timestamp"/><column name="n" type="decimal(10,3)" defaultValueNumeric="1.5"/><column name="t" type="varchar(200)"/><column name="long" type="text"/><column name="made" type="timestamp" defaultValueComputed="'2020-02-02 02:02:02'"/></createTable></changeSet>
        <changeSet id="typed" author="kind"><loadData file="typed.csv" relativeToChangelogFile="true" tableName="data_rows" usePreparedStatements="true">${types}</loadData></changeSet>
        <changeSet id="tabs" author="kind"><loadData file="${folder}/tabs.csv" tableName="data_rows" separator="\\t" quotchar="'" encoding="ISO-8859-1" commentLineStartsWith="//"/></changeSet>
        <changeSet id="again" author="kind"><loadUpdateData file="again.csv" relativeToChangelogFile="true" tableName="data_rows" primaryKey="id" onlyUpdate="${random.chance(0.5)}"/></changeSet>
        <changeSet id="rows" author="kind">
          <insert tableName="data_rows"><column name="id" valueNumeric="90"/><column name="ok" valueBoolean="false"/><column name="at" valueDate="2021-03-04T05:06:07"/><column name="n" valueComputed="1+1"/><column name="long" valueClobFile="long.txt"/></insert>
          <insert tableName="data_rows"><column name="id" value="91"/><column name="t" value="NULL"/><column name="n"/></insert>
          <update tableName="data_rows"><column name="t" value="it's \${p1}"/><where>:name = :value or id = :value</where><whereParams><param name="id" valueNumeric="91"/><param valueNumeric="90"/></whereParams></update>
          <delete tableName="data_rows"><where>id = 12</where></delete>
        </changeSet>`),
      [`${folder}/typed.csv`]:
        'id,ok,at,amount,skipped,t\n1,true,2020-01-02T03:04:05,3.25,x,"line one\nline two"\n2,NO,2020-01-02,NULL,y,\n3,1,NULL,7,z, spaced \n# 4,true\n',
      [`${folder}/tabs.csv`]: "id\tt\n// comment\n10\t'tab\tinside'\n11\tNULL\n12\tgone\n",
      [`${folder}/again.csv`]: 'id,t\n1,updated\n20,new\n',
      [`${folder}/long.txt`]: `long text, é, 'quoted'\n${'x'.repeat(5_000)}\n`,
    },
  };
}

/** Names and texts that other formats, databases and shells read in their own way. */
function texts(): Kind {
  const folder = 'kinds/texts';
  return {
    name: 'texts',
    entry: `${folder}/main.xml`,
    files: {
      [`${folder}/main.xml`]: xml(
        `
        <changeSet id="&lt;é&gt; &amp; 'q' &quot;d&quot;" author=" spaced  author "><comment>  two
          lines \${p1} \${undefined} \${:escaped}</comment><sql><![CDATA[create table texts_a (v text default '<>&');]]></sql></changeSet>
        <changeSet id="1" author="kind"><sql splitStatements="true" stripComments="true">/* first; */ insert into texts_a values ('a--b'); -- second; 'x
          insert into texts_a values ('/* c */;d');;
          </sql></changeSet>
        <changeSet id="01" author="kind"><sql endDelimiter="\\n/\\s*\\n|\\n/\\s*\\z">insert into texts_a values ('e')
/
insert into texts_a values ('f')
/
</sql></changeSet>
        <changeSet id="1.0" author="kind"><createProcedure path="proc.sql" relativeToChangelogFile="true"/><createView viewName="texts_v" path="view.sql" relativeToChangelogFile="true"/></changeSet>
        <changeSet id="empty" author="kind"><empty/></changeSet><changeSet id="nothing" author="kind"/><changeSet id="output" author="kind"><output target="STDERR">said</output><stop message="never"/></changeSet>`.replace(
          '<stop message="never"/>',
          '',
        ),
      ),
      [`${folder}/proc.sql`]:
        'create function texts_f() returns int language plpgsql as $body$\nbegin\n  -- a comment; with a semicolon\n  return 1;\nend\n$body$\n',
      [`${folder}/view.sql`]: "select v from texts_a where v <> ''\n",
    },
  };
}

/** YAML has opinions about what a plain word is. */
function yaml(): Kind {
  const folder = 'kinds/yaml';
  return {
    name: 'yaml',
    entry: `${folder}/main.yml`,
    files: {
      [`${folder}/main.yml`]: `
databaseChangeLog:
- logicalFilePath: ${folder}/logical.yml
- property: {name: y1, value: 0012, global: false}
- changeSet:
    id: 1
    author: kind
    comment: |
      two
      lines
    changes: [{sql: {sql: "create table yaml_a (v varchar(40))"}}]
- changeSet: {id: 1.10, author: kind, changes: [{insert: &row {tableName: yaml_a, columns: [{column: {name: v, value: yes}}]}}]}
- changeSet: {id: 0o17, author: no, changes: [{insert: *row}]}
- changeSet: {id: 2020-01-02, author: kind, changes: [{insert: {tableName: yaml_a, columns: [{column: {name: v, value: "\${y1}"}}, ]}}]}
- changeSet: {id: 2020-01-02 03:04:05, author: 7, runOnChange: true, failOnError: "true", changes: [{insert: {tableName: yaml_a, columns: [{column: {name: v, value: 1e3}}]}}], rollback: [{sql: {sql: select 3}}]}
- changeSet:
    id: folded
    author: kind
    context: dev or prod or test or !dev
    dbms: postgresql
    preConditions: [{onFail: MARK_RAN}, {or: [{dbms: {type: oracle}}, {not: [{viewExists: {viewName: none}}]}]}]
    changes:
    - sql:
        sql: >
          insert into yaml_a
          values ('folded')
        stripComments: false
    rollback: delete from yaml_a where v = 'folded'
- changeSet: {id: list, author: kind, changes: [{tagDatabase: {tag: 1}}], rollback: [{sql: {sql: select 1}}, {empty: {}}]}
`,
    },
  };
}
