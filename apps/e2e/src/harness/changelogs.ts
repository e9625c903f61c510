/** Small changelogs for scenarios, as `path → content` of a repository. */
export type RepositoryFiles = Readonly<Record<string, string>>;

/** Formatted SQL: one changeset per statement, each with a rollback where one is given. */
export function sqlChangelog(
  changesets: readonly { readonly id: string; readonly sql: string; readonly rollback?: string }[],
  author = 'e2e',
): string {
  const parts = changesets.map(
    ({ id, sql, rollback }) => `--changeset ${author}:${id}\n${sql}\n${rollback ? `--rollback ${rollback}\n` : ''}`,
  );
  return `--liquibase formatted sql\n\n${parts.join('\n')}`;
}

/** `count` tables named `<prefix>_1` and so on. */
export function tables(prefix: string, count: number): RepositoryFiles {
  const changesets = Array.from({ length: count }, (_, index) => ({
    id: `${prefix}-${index + 1}`,
    sql: `CREATE TABLE ${prefix}_${index + 1} (id bigint PRIMARY KEY, note text);`,
    rollback: `DROP TABLE ${prefix}_${index + 1};`,
  }));
  return { 'changelog.sql': sqlChangelog(changesets) };
}
