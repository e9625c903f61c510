import type { Random } from '@sluice/testing';
import type { Kind } from './changelog-kinds.js';

/** Formatted SQL: its header, its attributes, its comments, and what editors of other systems make of a file. */
export function sqlKinds(random: Random): readonly Kind[] {
  return [attributes(random), comments(random), lines(random)];
}

function attributes(random: Random): Kind {
  const entry = 'kinds/sql/attributes.sql';
  const delimiter = random.pick(['@@', '/', 'GO', '\\nGO']);
  const logical = random.pick([entry, 'logical/attributes.sql']);
  return {
    name: 'sql attributes',
    entry,
    files: {
      [entry]: `--liquibase formatted sql ${logical === entry ? '' : `logicalFilePath:${logical}`}
--property name:s1 value:one_sql ${random.pick(['', 'global:false', 'context:dev', 'dbms:!h2'])}

--changeset kind:whole splitStatements:false stripComments:false
create function sql_f() returns int language plpgsql as $$ begin /* a; */ return 1; -- b;
end $$;
--rollback drop function sql_f();

--changeset kind:delimiter endDelimiter:${delimiter} rollbackEndDelimiter:@@ rollbackSplitStatements:true
create table sql_a (v varchar(60))
${delimiter.replace('\\n', '')}

--changeset kind:twice dbms:!h2,!oracle labels:"alpha, beta" context:"dev or !dev" runOnChange:true
create table if not exists sql_b (v varchar(60) default '\${s1}');
insert into sql_b values ('\${s1}'), ('\${p1}');
--rollback delete from sql_b
--rollback   where v = 'x';
--rollback drop table sql_b;

--changeset "kind of":"id with: colon" failOnError:false
insert into nowhere values (1);

--changeset kind:elsewhere logicalFilePath:own/elsewhere.sql runInTransaction:false
create table sql_c (id int);
--rollback not required

--changeset kind:always runAlways:true
insert into sql_c values (1);
--rollback empty

--changeset kind:skipped ignore:true
create table sql_never (id int);

--changeset kind:quoting objectQuotingStrategy:QUOTE_ALL_OBJECTS
create table sql_d (id int);
/* liquibase rollback
drop table sql_d;
*/

--changeset kind:valid
--validCheckSum: any
--comment: a comment with \${p1} and 'quotes'
create table sql_e (id int);
--rollback changesetId:quoting changesetAuthor:kind changesetPath:${logical}
`,
    },
  };
}

function comments(random: Random): Kind {
  const entry = 'kinds/sql/comments.sql';
  return {
    name: 'sql comments',
    entry,
    files: {
      [entry]: `--liquibase formatted sql
/* before everything; */

-- changeset kind:spaced
--preconditions onFail:${random.pick(['MARK_RAN', 'CONTINUE', 'WARN'])} onError:MARK_RAN
--precondition-sql-check expectedResult:${random.pick(['0', '1'])} select count(*) from information_schema.tables where table_name = 'base'
create table com_a (v varchar(90)); /* a ; b */ insert into com_a values ('-- no comment; /* nor this */');
   -- indented; comment
insert into com_a values ('it''s; fine');

--changeset kind:ignored
create table com_b (id int);
--ignoreLines:start
create table com_never (id int);
--ignoreLines:end
--ignoreLines:1
create table com_never_too (id int);
insert into com_b values (1);

--changeset kind:dollars splitStatements:true
do $x$ begin insert into com_b values (2); end $x$;
insert into com_b values (3);

--changeset kind:kept stripComments:false
/* kept;
   over lines */
create table com_c (id int); -- kept, too

--changeset kind:tables
--preconditions onFail:MARK_RAN
--precondition-table-exists table:com_c
--precondition-view-exists view:no_such_view
create table com_d (id int);

--changeset kind:script
create table com_e (id int);
--rollbackSqlFile path:undo.sql relativeToChangelog:true
insert into com_e values (1);

--changeset kind:last
select 1;
${random.pick(['', '-- the end', '/* the end */', ';'])}`,
    },
  };
}

/** Byte order mark, line ends, blanks, no end of the last line. */
function lines(random: Random): Kind {
  const entry = 'kinds/sql/lines.sql';
  const plain = `--liquibase formatted sql\n\n--changeset kind:lines-1  \ncreate table lines_a (\n  v varchar(60)\n);\t\n\n\ninsert into lines_a values ('two\nlines');\n--rollback drop table lines_a;\n\n--changeset kind:lines-2 runOnChange:true\ninsert into lines_a values ('é €');\n--rollback select 4;`;
  const ended = random.chance(0.6) ? plain.replaceAll('\n', '\r\n') : plain;
  const marked = random.chance(0.5) ? `\uFEFF${ended}` : ended;
  return {
    name: 'sql lines',
    entry,
    files: { [entry]: marked },
    changed: { [entry]: marked.includes('\r\n') ? marked.replaceAll('\r\n', '\n') : marked.replaceAll('\n', '\r\n') },
  };
}
