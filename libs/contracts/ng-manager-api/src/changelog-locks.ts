import { defineRoute } from '@sluice/api-conventions';
import { INSTANCE, instancePath, plainQuery } from '@sluice/dbdevops-api';
import { changelogLock, lockRelease } from '@sluice/delegate-protocol';
import { z } from 'zod';

/**
 * Our extension: the change log lock of an instance's database, looked at by a delegate with the instance's connector. Whoever asks needs `connector.access`
 * where that connector lives and `secret.access` where its secrets do, as for a test of it. Errors: INVALID_IDENTIFIER_REF without them; INVALID_REQUEST
 * for a Flyway schema; NOT_IMPLEMENTED, with the SQL to use instead, for what is no PostgreSQL; UPSTREAM_UNAVAILABLE saying why the database gave no answer.
 */
export const getChangelogLock = defineRoute({
  id: 'getChangelogLock',
  method: 'GET',
  path: `${INSTANCE}/changelog-lock`,
  summary: 'Who holds the change log lock of an instance’s database, looked at by a delegate',
  style: 'v1',
  access: { permission: 'dbinstance.view' },
  params: instancePath,
  query: plainQuery,
  response: changelogLock,
});

/**
 * Frees the lock if `holder` still holds it; the answer says what happened. Whoever may run a pipeline there may free what a run left. Errors as for
 * {@link getChangelogLock}. Without an answer from the delegate it is not known whether the lock was freed: look again.
 */
export const releaseChangelogLock = defineRoute({
  id: 'releaseChangelogLock',
  method: 'POST',
  path: `${INSTANCE}/changelog-lock/release`,
  summary: 'Free the change log lock of an instance’s database from the holder that is named',
  style: 'v1',
  access: { permission: 'pipeline.execute' },
  params: instancePath,
  query: plainQuery,
  body: z.object({
    /** The whole text of LOCKEDBY, as the lock shows it; empty for a lock without one. */
    holder: z.string().max(255),
    /** Free it although the holder's database session is open. */
    force: z.boolean().default(false),
  }),
  response: z.object({ release: lockRelease, lock: changelogLock }),
});
