import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EngineBench } from '../testing/engine-bench.js';

const PATIENCE_MS = 1_200_000;

jest.setTimeout(PATIENCE_MS); // every run starts a JVM, and machines that test are busy

const XSD =
  'xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd"';
const including = (file: string): string => `databaseChangeLog:\n- include: {file: "${file}"}\n`;
const changeset = (body: string): string =>
  `databaseChangeLog:\n- changeSet:\n    id: 1\n    author: x\n    changes:\n    - ${body}\n`;

describe('a changelog that cannot be read', () => {
  let bench: EngineBench;
  beforeAll(async () => {
    bench = await EngineBench.start();
  }, PATIENCE_MS);
  afterAll(() => bench?.stop());

  async function failureOf(files: Readonly<Record<string, string>>): Promise<string> {
    bench.checkOut({ 'main.yaml': including(Object.keys(files)[0] ?? ''), ...files });
    const { finished } = await bench.run(await bench.freshDatabase(), 'main.yaml');
    expect(finished.status).toBe('failed');
    return finished.error?.message ?? '';
  }

  it.each([
    [
      'a YAML file with a word that no changelog has',
      { 'sub/c.yaml': 'databaseChangeLog:\n- changeset: {id: 1}\n' },
      /^Error parsing main\.yaml : Error parsing sub\/c\.yaml : Unexpected node found under databaseChangeLog: changeset$/,
    ],
    [
      'one that another included file includes',
      {
        'sub/a.xml': `<databaseChangeLog ${XSD}><include file="c.yaml" relativeToChangelogFile="true"/></databaseChangeLog>`,
        'sub/c.yaml': 'databaseChangeLog:\n- changeset: {id: 1}\n',
      },
      /^Error parsing main\.yaml : Error parsing sub\/c\.yaml : Unexpected node found under databaseChangeLog: changeset$/,
    ],
    [
      'an empty XML file',
      { 'sub/d.xml': '' },
      /^Error parsing main\.yaml : Error parsing line 1 column 1 of sub\/d\.xml: Premature end of file\.$/,
    ],
    [
      'an XML file without the location of its schema',
      { 'sub/e.xml': '<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/other"/>' },
      /^Error parsing main\.yaml : Error parsing line 1 column \d+ of sub\/e\.xml: cvc-elt\.1\.a: Cannot find the declaration of element 'databaseChangeLog'\.$/,
    ],
    [
      'a YAML file with a fault in its syntax',
      { 'sub/b.yaml': 'databaseChangeLog:\n- changeSet: {id: 1, author: x\n  changes: [\n' },
      /^Error parsing main\.yaml : Syntax error in file sub\/b\.yaml: while parsing a flow mapping; in 'reader', line 2, column 14: - changeSet/,
    ],
    [
      'a YAML file without the root of a changelog',
      { 'sub/f.yaml': 'foo: bar\n' },
      /^Error parsing main\.yaml : Error parsing sub\/f\.yaml : Could not find databaseChangeLog node$/,
    ],
    [
      'a JSON file whose root is no list',
      { 'sub/g.json': '{"databaseChangeLog": {"changeSet": {"id": 1}}}' },
      /^Error parsing main\.yaml : Error parsing sub\/g\.json : databaseChangeLog does not contain a list of entries\./,
    ],
    [
      'a change of an unknown type',
      { 'sub/h.yaml': changeset('createTabel: {tableName: x}') },
      /^Error parsing main\.yaml : Error parsing sub\/h\.yaml: Unknown change type 'createTabel'\./,
    ],
    [
      'a formatted SQL file',
      { 'sub/i.sql': '--liquibase formatted sql\n--changeset x\nselect 1;\n' },
      /^Error parsing main\.yaml : Unexpected formatting in formatted changelog 'sub\/i\.sql' at line 2\. Formatted SQL changelogs require known formats/,
    ],
  ])(
    'is named with the file that is broken, and with the line where one is known: %s',
    async (_what, files: Readonly<Record<string, string>>, message) => {
      const said = await failureOf(files);
      expect(said).toMatch(message);
      expect(said).not.toContain(bench.tree);
      expect(said).not.toMatch(/liquibase\.exception|[.,;:] ?[;:]/);
    },
  );

  it('warns of a file that is read as UTF-8 and is not, by name and offset, and applies it as the stock command line does', async () => {
    const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
    bench.checkOut({
      'main.yaml':
        including('sub/l.sql') +
        changeset('sqlFile: {path: sub/raw.sql}').replace('databaseChangeLog:\n', '') +
        '    - sqlFile: {path: sub/named.sql, encoding: ISO-8859-1}\n',
      'sub/l.sql': latin1(
        "--liquibase formatted sql\n--changeset x:0\ncreate table t (v text);\ninsert into t values ('gr\u00fcn');\n",
      ),
      'sub/raw.sql': latin1("insert into t values ('bl\u00e4u');\n"),
      'sub/named.sql': latin1("insert into t values ('r\u00f6t');\n"),
    });
    const database = await bench.freshDatabase();
    const { finished, log } = await bench.run(database, 'main.yaml');
    expect(finished.error).toBeUndefined();
    expect(await bench.pg.query(database, 'select v from t order by v')).toEqual(
      expect.arrayContaining([{ v: 'gr\ufffdn' }, { v: 'bl\ufffdu' }, { v: 'r\u00f6t' }]),
    );
    const warnings = log.filter((line) => line.includes('is read as UTF-8 and is not'));
    expect(warnings).toEqual([
      expect.stringContaining('"sub/l.sql" is read as UTF-8 and is not: the byte at offset 92 '),
      expect.stringContaining('"sub/raw.sql" is read as UTF-8 and is not: the byte at offset 25 '),
    ]);
    expect(warnings[0]).toMatch(/Save the file as UTF-8$/);
    expect(warnings[1]).toMatch(
      /Save the file as UTF-8, or set encoding \(for example ISO-8859-1\) on the sqlFile that reads it$/,
    );
  });

  it.each([
    [
      'on a class path',
      'classpath:db/changelog/001.sql',
      /^Error parsing main\.yaml : The file 'classpath:db\/changelog\/001\.sql' was not found\. A DB schema/,
    ],
    [
      'of the repository',
      'sub/none.sql',
      /^Error parsing main\.yaml : The file sub\/none\.sql was not found; searched in the root of the repository\. A DB schema/,
    ],
  ])(
    'says of a missing file %s which settings name the folder it is in, once that it is an error',
    async (_where, file, message) => {
      bench.checkOut({ 'main.yaml': including(file) });
      const { finished } = await bench.run(await bench.freshDatabase(), 'main.yaml');
      expect(finished.error?.message).toMatch(message);
      expect(finished.error?.message).toMatch(
        /A DB schema whose paths are relative to another folder names it in changelog\.searchPath, and the command line in --search-path$/,
      );
      expect(finished.error?.message).not.toMatch(/ERROR|\.;|,;/);
    },
  );
});
