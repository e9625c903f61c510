import { Injectable } from '@nestjs/common';
import { checkDatabaseUrl, parseJdbcUrl } from '@sluice/db-migration';
import type { ChangelogLockAnswer, ChangelogLockTask } from '@sluice/delegate-protocol';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { withPostgres } from './ask-postgres.js';
import { failed } from './http-ask.js';
import { lookAtLock, releaseLock } from './postgres-changelog-lock.js';
import { slotReader, withSecrets } from './task-secrets.js';

/** Looks at the change log lock of a database with the connector's credentials, and frees it from the holder the task names. */
@Injectable()
export class ChangelogLockHandler implements TaskHandler<'changelog-lock'> {
  async run(task: ChangelogLockTask, context: TaskContext): Promise<ChangelogLockAnswer & { status: 'succeeded' }> {
    // The delegate trusts no payload: what is no PostgreSQL address gets no connection.
    const { product, runsHere } = checkDatabaseUrl(task.url);
    const url = runsHere ? parseJdbcUrl(task.url) : undefined;
    if (url?.product !== 'postgresql') throw failed(`the change log lock on ${product} cannot be looked at by a delegate yet; it can on PostgreSQL`, 'Unknown');
    const answer = await withSecrets(task, context, (values) => {
      const slots = slotReader(task.secrets, values);
      const login = { username: slots.value(task.usernameSlot) ?? task.username, password: slots.value(task.passwordSlot), applicationName: 'sluice-changelog-lock' };
      return withPostgres(url, login, async (connection) => {
        const schema = url.options['currentSchema'];
        if (schema) await connection.query("SELECT set_config('search_path', $1, false)", [schema]);
        const { release } = task;
        return release ? releaseLock(connection, release) : { lock: await lookAtLock(connection) };
      });
    });
    return { status: 'succeeded', ...answer };
  }
}
