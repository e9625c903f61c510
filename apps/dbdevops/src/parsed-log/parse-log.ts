import type { Command } from '@sluice/dbdevops-api';

/** A changeset a log speaks of. */
export interface LoggedChangeset {
  readonly id: string;
  readonly author: string;
  readonly file: string;
  readonly outcome: 'applied' | 'rolledBack' | 'failed';
  readonly error?: string;
}

/** What a log says as a whole. */
export interface LogOutcome {
  readonly command: Command;
  readonly isSuccess: boolean;
}

export interface ReadLog extends LogOutcome {
  /** In the order of the log. */
  readonly changesets: readonly LoggedChangeset[];
}

const COMMANDS: Readonly<Record<string, Command>> = {
  update: 'Update',
  'update-to-tag': 'Update',
  'update-count': 'Update',
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
  [/Rolling Back Changeset: |Rollback failed for change ?set/i, 'Rollback'],
  [/Liquibase: Update has been successful|Running Changeset: |Migration failed for change ?set/i, 'Update'],
  [/No validation errors found|Validation Failed/i, 'Validate'],
  [/Successfully tagged /i, 'Tag'],
];
/** What stands before a changeset's name in a line, and what the line says of it. */
const MENTIONS: readonly (readonly [RegExp, LoggedChangeset['outcome']])[] = [
  [/(?:Migration|Rollback) failed for change ?set /i, 'failed'],
  [/Running Changeset: /i, 'applied'],
  [/Rolling Back Changeset: /i, 'rolledBack'],
];
const SAYS_FAILURE = /Unexpected error running Liquibase|Migration failed for change ?set|Validation Failed|^ERROR:/im;
/** A changeset that fails takes its reason from the following line. */
const REASON = /Reason: (.+)$/;

/** Reads the output of the Liquibase command line, changeset by changeset. Pure. @returns undefined when no command can be made out */
export function readMigrationLog(text: string): ReadLog | undefined {
  const outcome = readLogOutcome(text);
  return outcome && { ...outcome, changesets: changesetsOf(text.split(/\r?\n/)) };
}

/** Which command a log is of and how it ended, without looking at every line. Pure. @returns undefined when no command can be made out */
export function readLogOutcome(text: string): LogOutcome | undefined {
  const done = DONE.exec(text)?.[1];
  const command = (done && COMMANDS[done]) ?? TITLES.find(([title]) => title.test(text))?.[1];
  if (!command) return undefined;
  const isFailure = SAYS_FAILURE.test(text);
  const isSuccess =
    !isFailure &&
    (done !== undefined || /has been successful|No validation errors found|Successfully tagged /i.test(text));
  return { command, isSuccess };
}

function changesetsOf(lines: readonly string[]): LoggedChangeset[] {
  const found = new Map<string, LoggedChangeset>();
  lines.forEach((line, place) => {
    for (const [phrase, outcome] of MENTIONS) {
      const match = phrase.exec(line);
      const name = match && nameIn(line.slice(match.index + match[0].length));
      if (!name) continue;
      const error = outcome === 'failed' ? REASON.exec(lines[place + 1] ?? '')?.[1] : undefined;
      found.set(`${name.file}::${name.id}::${name.author}`, { ...name, outcome, ...(error ? { error } : {}) });
      return;
    }
  });
  return [...found.values()];
}

/** `file::id::author`, with a colon behind it where a reason follows. */
function nameIn(text: string): { readonly id: string; readonly author: string; readonly file: string } | undefined {
  const [file, id, ...author] = text.trim().replace(/:$/, '').split('::');
  return file && id && author.length > 0 ? { id, author: author.join('::'), file } : undefined;
}
