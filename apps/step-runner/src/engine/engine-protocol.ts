import { z } from 'zod';
import { changesetId, failureType, historyRow } from '@sluice/delegate-protocol';

/** The one command of an engine process: one JSON line on its standard input. */
export type EngineCommand = EngineRunCommand | EngineTidyCommand;

/** Ends another engine's session and frees the lock if that one still holds it. */
interface EngineTidyCommand {
  readonly action: 'tidy';
  readonly url: string;
  readonly driver: string;
  readonly connectionProperties: Readonly<Record<string, string>>;
  readonly server: string;
  /** Number and client port of the engine's session, as `connected` told it. */
  readonly session?: string | undefined;
  readonly sessionName: string;
  readonly lockOwner: string;
}

export interface EngineRunCommand {
  readonly action: 'update' | 'rollback';
  readonly url: string;
  readonly driver: string;
  readonly connectionProperties: Readonly<Record<string, string>>;
  /** `host:port/database` for messages. */
  readonly server: string;
  /** Root of the checked-out tree; nothing outside it is read. */
  readonly root: string;
  /** Relative to `root`. */
  readonly changelog: string;
  /** Folders below `root` that file names are relative to; empty means `root` itself. */
  readonly searchPath: readonly string[];
  /** Put before every recorded file name that the changelog does not give itself. */
  readonly filePrefix: string;
  readonly contexts: string;
  readonly labels: string;
  /** Liquibase's own settings, by their names without `liquibase.`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tag?: string | undefined;
  readonly count?: number | undefined;
  /** Name of the tag that is put on the last row when it has none. */
  readonly preStartTag: string;
  readonly allowShellCommands: boolean;
  /** Names the engine in LOCKEDBY while it holds the change log lock. */
  readonly lockOwner: string;
  /** Names the database session, where the database knows such names. */
  readonly sessionName: string;
  /** Milliseconds for connecting again after the session was lost, to free the lock and to read the history. */
  readonly recoveryMs: number;
}

const at = z.number().int();
const pendingChangeset = changesetId.extend({
  comment: z.string().optional(),
  labels: z.string().optional(),
  contexts: z.string().optional(),
});

/** What an engine process prints: one JSON object per line. */
export const engineEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), at, warmUpMs: z.number() }),
  z.object({ type: z.literal('log'), at, level: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']), message: z.string() }),
  z.object({
    type: z.literal('connected'),
    at,
    product: z.string(),
    version: z.string(),
    session: z.string().optional(),
  }),
  /** Sent before the first change of a changeset; its `changeset` follows unless the engine dies. */
  changesetId.extend({ type: z.literal('began'), at }),
  changesetId.extend({
    type: z.literal('changeset'),
    at,
    status: z.enum(['applied', 'rolledBack', 'failed', 'skipped', 'markedRan']),
    durationMs: z.number().int().optional(),
    description: z.string().optional(),
    comment: z.string().optional(),
    labels: z.string().optional(),
    contexts: z.string().optional(),
    error: z.string().optional(),
    /** Why it was skipped. */
    reason: z.string().optional(),
  }),
  /** Rows of the history table as it stands after the run, in no order. The first event of several begins it again: a lost session may be in between. */
  z.object({ type: z.literal('history'), at, isFirst: z.boolean(), rows: z.array(historyRow) }),
  z.object({
    type: z.literal('finished'),
    at,
    status: z.enum(['succeeded', 'failed', 'cancelled']),
    error: z
      .object({ message: z.string(), failureType, sqlState: z.string().optional(), changeset: changesetId.optional() })
      .optional(),
    preStartTag: z.string().nullable(),
    /** Of a `tidy`: the lock was still held. */
    released: z.boolean().optional(),
    /** How many rows the `history` events before held in all; null when the table could not be read. */
    historyRows: z.number().int().nullable(),
    pending: z.array(pendingChangeset).nullable(),
  }),
]);
export type EngineEvent = z.infer<typeof engineEvent>;
type HistoryRow = z.infer<typeof historyRow>;
/** The end of a run with the whole history, in the order of execution; null when the table could not be read. */
export type EngineFinished = Omit<Extract<EngineEvent, { type: 'finished' }>, 'historyRows'> & {
  readonly history: HistoryRow[] | null;
};
export type EngineProgress = Exclude<EngineEvent, { type: 'finished' | 'history' | 'ready' }>;

/** Rows with the same number are told apart by the time they carry, as Liquibase does. */
export function inOrder(rows: readonly HistoryRow[]): HistoryRow[] {
  return [...rows].sort(
    (left, right) => left.orderExecuted - right.orderExecuted || left.dateExecuted - right.dateExecuted,
  );
}
