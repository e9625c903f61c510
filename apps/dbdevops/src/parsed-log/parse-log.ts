import type { Command } from '@sluice/dbdevops-api';

/** A changeset a log speaks of. */
export interface LoggedChangeset {
  readonly id: string;
  readonly author: string;
  readonly file: string;
  readonly outcome: 'applied' | 'rolledBack' | 'failed';
  readonly error?: string;
}

export interface ReadLog {
  readonly command: Command;
  readonly isSuccess: boolean;
  /** In the order of the log. */
  readonly changesets: readonly LoggedChangeset[];
}

const COMMANDS: Readonly<Record<string, Command>> = {
  update: 'Update',
  'update-to-tag': 'Update',
  'update-count': 'Update',
  updateSql: 'UpdateSQL',
  'update-sql': 'UpdateSQL',
  validate: 'Validate',
  history: 'History',
  tag: 'Tag',
  status: 'Status',
  rollback: 'Rollback',
  'rollback-sql': 'RollbackSQL',
  'rollback-count': 'RollbackCount',
  'rollback-count-sql': 'RollbackCountSQL',
  'mark-next-changeset-ran': 'MarkNextChangesetRan',
};

const DONE = /Liquibase command '([\w-]+)' was executed successfully/;
const TITLES: readonly (readonly [RegExp, Command])[] = [
  [/Liquibase: Update has been successful|Running Changeset: /i, 'Update'],
  [/Rolling Back Changeset: /i, 'Rollback'],
  [/No validation errors found|Validation Failed/i, 'Validate'],
  [/Successfully tagged /i, 'Tag'],
];
const STARTED = /Running Changeset: (.+?)::(.+?)::(.+)$/i;
const ROLLED_BACK = /Rolling Back Changeset: (.+?)::(.+?)::(.+)$/i;
const FAILED = /(?:Migration|Rollback) failed for change ?set (.+?)::(.+?)::(.+?):\s*$/i;
const SAYS_FAILURE = /Unexpected error running Liquibase|Migration failed for change ?set|Validation Failed|^ERROR:/im;
/** A changeset that fails takes its reason from the following line. */
const REASON = /Reason: (.+)$/;

/** Reads the output of the Liquibase command line. Pure. @returns undefined when no command can be made out */
export function readMigrationLog(text: string): ReadLog | undefined {
  const done = DONE.exec(text)?.[1];
  const command = (done && COMMANDS[done]) ?? TITLES.find(([title]) => title.test(text))?.[1];
  if (!command) return undefined;
  const isFailure = SAYS_FAILURE.test(text);
  const isSuccess = !isFailure && (done !== undefined || /has been successful|No validation errors found|Successfully tagged /i.test(text));
  return { command, isSuccess, changesets: changesetsOf(text.split(/\r?\n/)) };
}

function changesetsOf(lines: readonly string[]): LoggedChangeset[] {
  const found = new Map<string, LoggedChangeset>();
  lines.forEach((line, place) => {
    const [failed, started, undone] = [FAILED.exec(line), STARTED.exec(line), ROLLED_BACK.exec(line)];
    const match = failed ?? started ?? undone;
    if (!match) return;
    const [, file = '', id = '', author = ''] = match.map((part) => part.trim());
    const outcome = failed ? 'failed' : started ? 'applied' : 'rolledBack';
    const error = failed ? REASON.exec(lines[place + 1] ?? '')?.[1] : undefined;
    found.set(`${file}::${id}::${author}`, { id, author, file, outcome, ...(error ? { error } : {}) });
  });
  return [...found.values()];
}
