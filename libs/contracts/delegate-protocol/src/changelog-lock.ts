import { z } from 'zod';
import { testJdbcTask } from './connection-tests.js';

/** Looks at Liquibase's change log lock (`DATABASECHANGELOGLOCK`) of a database, and frees it from one holder when `release` is given. */
export const changelogLockTask = testJdbcTask.extend({
  kind: z.literal('changelog-lock'),
  release: z
    .object({
      /** The whole text of LOCKEDBY; empty for a lock without one. Only this holder's lock is freed. */
      holder: z.string(),
      /** Free it although its session is open. */
      force: z.boolean(),
    })
    .optional(),
});

/** The lock as its row and the database's sessions show it. */
export const changelogLock = z.object({
  locked: z.boolean(),
  /** LOCKEDBY; null for a free lock, and for one whose holder wrote nothing. */
  holder: z.string().nullable(),
  /** LOCKGRANTED, in the holder's own time zone and without it: `2026-01-31T09:30:00`. */
  since: z.string().nullable(),
  /** The name of the Sluice engine that holds it (`sluice-…`); null for other tools. */
  engine: z.string().nullable(),
  /** Whether the holder's database session is open; `unknown` where the database cannot prove it. Null for a free lock. */
  session: z.enum(['alive', 'gone', 'unknown']).nullable(),
});

/** `released`; `notLocked`: it was free; `otherHolder`: somebody else holds it; `sessionAlive`: refused, the holder's session is open and `force` was not given. */
export const lockRelease = z.enum(['released', 'notLocked', 'otherHolder', 'sessionAlive']);

/** The answer to a {@link changelogLockTask}. `release` is there when it was asked for; `lock` is how it was left. */
export const changelogLockAnswer = z.object({ lock: changelogLock, release: lockRelease.optional() });

export type ChangelogLockTask = z.infer<typeof changelogLockTask>;
export type ChangelogLock = z.infer<typeof changelogLock>;
export type LockRelease = z.infer<typeof lockRelease>;
export type ChangelogLockAnswer = z.infer<typeof changelogLockAnswer>;
