import type { Element, Entry, GeneratedChangeset } from './changelog-generator.js';

/** Formatted SQL: properties and changesets whose only change is one of SQL. */
export function renderSql(entries: readonly Entry[], attributes: Readonly<Record<string, string>>): string {
  const body = entries.map((entry) => {
    if ('property' in entry) return `--property${list(entry.property)}`;
    if ('changeSet' in entry) return changeset(entry.changeSet);
    throw new Error('formatted SQL has no includes');
  });
  return `--liquibase formatted sql${list(attributes)}\n\n${body.join('\n\n')}\n`;
}

function changeset({
  attributes: { id, author, ...attributes },
  comment,
  validCheckSum,
  preConditions,
  changes,
  rollback,
}: GeneratedChangeset): string {
  const [{ sql } = { sql: undefined }] = changes;
  if (sql === undefined || typeof sql !== 'object') throw new Error('formatted SQL holds SQL');
  return [
    `--changeset ${author}:${id}${list(attributes)}`,
    ...(validCheckSum === undefined ? [] : [`--validCheckSum: ${validCheckSum}`]),
    ...(preConditions === undefined ? [] : conditions(preConditions)),
    ...(comment === undefined ? [] : [`--comment: ${comment}`]),
    `${String((sql as Element)['sql'])};`,
    ...(rollback === undefined ? [] : [`--rollback ${rollback};`]),
  ].join('\n');
}

function conditions([own = {}, ...rest]: readonly Element[]): string[] {
  return [
    `--preconditions${list(own)}`,
    ...rest.map((condition) => {
      const { expectedResult, sql } = condition['sqlCheck'] as Element;
      return `--precondition-sql-check expectedResult:${String(expectedResult)} ${String(sql)}`;
    }),
  ];
}

function list(attributes: Element): string {
  return Object.entries(attributes)
    .map(([name, value]) =>
      /[\s,()]/.test(String(value)) ? ` ${name}:"${String(value)}"` : ` ${name}:${String(value)}`,
    )
    .join('');
}
