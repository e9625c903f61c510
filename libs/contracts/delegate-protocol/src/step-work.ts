import { z } from 'zod';

/** A secret expression exactly as a user writes it: `<+secrets.getValue("account.db_password")>`. */
export const secretExpression = z.string().regex(/^<\+secrets\.getValue\("[^"]+"\)>$/);

/**
 * Where a secret's value is found at run time. Control-plane payloads hold the expression; inside the pod the delegate has
 * replaced it by the name of a 0600 file in the step's secret directory.
 */
export const secretSlot = z.object({ name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/), expression: secretExpression });
export type SecretSlot = z.infer<typeof secretSlot>;

/** How to reach the database. The password is the slot named `passwordSlot`; it is never part of the URL. `usernameSlot` wins over `username`. */
export const jdbcTarget = z.object({
  url: z.string().min(1),
  username: z.string().optional(),
  usernameSlot: z.string().optional(),
  passwordSlot: z.string().optional(),
});

/**
 * Where the changelog lies inside the pod: `source` names an entry of the pod's sources, `path` is relative to its root. `searchPath` names the
 * folders below that root which paths in the changelog and recorded file names are relative to (none: the root), `filePrefix` is put before
 * every recorded file name.
 */
const changelogRef = z.object({
  source: z.string(),
  path: z.string().min(1),
  searchPath: z.array(z.string()).optional(),
  filePrefix: z.string().optional(),
});

/**
 * Liquibase's own settings that a step may set, by their names without `liquibase.`. Not among them: what concerns the agent (logs, output, secure
 * parsing, class path) and the places of the history tables, which the lock depends on.
 */
export const LIQUIBASE_SETTINGS = [
  'allowDuplicatedChangesetIdentifiers',
  'alwaysDropInsteadOfReplace',
  'alwaysOverrideStoredLogicSchema',
  'changelogParseMode',
  'convertDataTypes',
  'ddlLockTimeout',
  'duplicateFileMode',
  'errorOnCircularIncludeAll',
  'fileEncoding',
  'missingPropertyMode',
  'onMissingIncludeChangelog',
  'onMissingSqlFile',
  'preserveSchemaCase',
  'strict',
  'supportPropertyEscaping',
  'trimLoadDataFileHeader',
  'useProcedureSchema',
  'validateXmlChangelogFiles',
] as const;

const liquibaseBase = {
  target: jdbcTarget,
  changelog: changelogRef,
  /** Liquibase context filter expression; empty runs every changeset. */
  contexts: z.string().default(''),
  /** Liquibase label filter expression; empty runs every changeset. */
  labels: z.string().default(''),
  settings: z.partialRecord(z.enum(LIQUIBASE_SETTINGS), z.string()).optional(),
  /** Changelog parameters (`-D`). */
  substituteProperties: z.record(z.string(), z.string()).default({}),
};

/** What a step container is asked to do. `kind` is the task kind; a step type of the YAML maps to one of them. */
export const stepWork = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('liquibase.update'),
    ...liquibaseBase,
    /** Tag the database after success. */
    tag: z.string().min(1).optional(),
  }),
  z.object({
    kind: z.literal('liquibase.rollback'),
    ...liquibaseBase,
    /** Exactly one of the two is given. */
    tag: z.string().min(1).optional(),
    changeSetCount: z.number().int().min(1).optional(),
  }),
]);
export type StepWork = z.infer<typeof stepWork>;

/** One changeset as Liquibase names it. `file` is the logical path recorded in DATABASECHANGELOG. */
export const changesetId = z.object({ id: z.string(), author: z.string(), file: z.string() });

const changesetOutcome = changesetId.extend({
  /** `alreadyRan`: known from the history table, not run now. `skipped`: context, label, dbms or precondition said no. */
  status: z.enum(['applied', 'rolledBack', 'failed', 'skipped', 'markedRan']),
  /** Milliseconds since the epoch. */
  at: z.number().int(),
  durationMs: z.number().int().optional(),
  description: z.string().optional(),
  comment: z.string().optional(),
  labels: z.string().optional(),
  contexts: z.string().optional(),
  tag: z.string().optional(),
  error: z.string().optional(),
});
export type ChangesetOutcome = z.infer<typeof changesetOutcome>;

/** One row of the database's own history (DATABASECHANGELOG) as read after the run: what is really deployed. */
export const historyRow = changesetId.extend({
  dateExecuted: z.number().int(),
  orderExecuted: z.number().int(),
  execType: z.string(),
  checksum: z.string().nullable(),
  description: z.string().nullable(),
  comments: z.string().nullable(),
  tag: z.string().nullable(),
  contexts: z.string().nullable(),
  labels: z.string().nullable(),
  deploymentId: z.string().nullable(),
});
export type HistoryRow = z.infer<typeof historyRow>;

/** What kind of failure it was, in the words failure strategies use (api-contract 6.6). */
export const failureType = z.enum([
  'Unknown',
  'Authentication',
  'Connectivity',
  'Timeout',
  'Authorization',
  'Verification',
  'DelegateProvisioning',
  'DelegateRestart',
]);
export type FailureType = z.infer<typeof failureType>;

/** The end of a step as the step container reports it. Every text in it is already masked. */
export const stepResult = z.object({
  status: z.enum(['succeeded', 'failed', 'aborted']),
  /** For people: names changeset, file and database error where there is one. */
  error: z
    .object({ message: z.string(), failureType, changeset: changesetId.optional(), sqlState: z.string().optional() })
    .optional(),
  changesets: z.array(changesetOutcome),
  /** The complete history table after the run, or null when it could not be read (for example: wrong password). */
  history: z.array(historyRow).nullable(),
  /**
   * The history in place of `history`, which is null then, as `pack` of `@sluice/kernel/packing` makes it: a long one takes about a tenth on its way. Only
   * dbdevops opens it.
   */
  packedHistory: z.string().optional(),
  /** Whether the step had a session in the database. False: it changed nothing there. Absent when that is not known. */
  reachedDatabase: z.boolean().optional(),
  /** Changesets the changelog holds that are not deployed, after the run; null when not known. */
  pending: z
    .array(
      changesetId.extend({
        comment: z.string().optional(),
        labels: z.string().optional(),
        contexts: z.string().optional(),
      }),
    )
    .nullable(),
  /** Step outputs, for `<+execution.steps.X.output.NAME>`: `preStartTag` and others. */
  outputs: z.record(z.string(), z.string()),
  startedAt: z.number().int(),
  endedAt: z.number().int(),
});
export type StepResult = z.infer<typeof stepResult>;

/** One log line on its way out of the step container (api-contract 5.2 without `pos`, which the line's place gives). */
export const logLine = z.object({
  level: z.enum(['INFO', 'WARN', 'ERROR', 'DEBUG']),
  /** RFC 3339. */
  time: z.string(),
  /** Text without the trailing newline; at most 70 KiB, masked. */
  out: z.string(),
});
export type LogLine = z.infer<typeof logLine>;
