import { Inject, Injectable } from '@nestjs/common';
import { checkDatabaseUrl, parseJdbcUrl, requireFilesBelow, type JdbcUrl } from '@sluice/db-migration';
import type { ChangelogLockAnswer, ChangelogLockTask } from '@sluice/delegate-protocol';
import { CONFIG, type DelegateConfig } from '../config.js';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { withMysql } from './ask-mysql.js';
import { withPostgres } from './ask-postgres.js';
import { releaseLock, type LockTable } from './changelog-lock.js';
import { failed } from './http-ask.js';
import { MysqlLockTable } from './mysql-changelog-lock.js';
import { PostgresLockTable } from './postgres-changelog-lock.js';
import { slotReader, withSecrets } from './task-secrets.js';

interface Login {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Looks at the change log lock of a database with the connector's credentials, and frees it from the holder the task names. */
@Injectable()
export class ChangelogLockHandler implements TaskHandler<'changelog-lock'> {
  constructor(@Inject(CONFIG) private readonly config: Pick<DelegateConfig, 'databaseCertsDir'>) {}

  async run(task: ChangelogLockTask, context: TaskContext): Promise<ChangelogLockAnswer & { status: 'succeeded' }> {
    // The delegate trusts no payload: what is no address of a database it has a driver for gets no connection.
    const { product, runsHere } = checkDatabaseUrl(task.url);
    if (!runsHere)
      throw failed(
        `the change log lock on ${product} cannot be looked at by a delegate yet; it can on PostgreSQL, MariaDB and MySQL`,
        'Unknown',
      );
    const url = parseJdbcUrl(task.url);
    await requireFilesBelow(url, this.config.databaseCertsDir);
    const { release } = task;
    const work = async (table: LockTable): Promise<ChangelogLockAnswer> =>
      release ? releaseLock(table, release) : { lock: await table.look() };
    const answer = await withSecrets(task, context, (values) => {
      const slots = slotReader(task.secrets, values);
      const login = {
        username: slots.value(task.usernameSlot) ?? task.username,
        password: slots.value(task.passwordSlot),
      };
      return url.product === 'postgresql' ? onPostgres(url, login, work) : onMysql(url, login, context.signal, work);
    });
    return { status: 'succeeded', ...answer };
  }
}

function onPostgres<T>(url: JdbcUrl, login: Login, work: (table: LockTable) => Promise<T>): Promise<T> {
  return withPostgres(url, { ...login, applicationName: 'sluice-changelog-lock' }, async (connection) => {
    const schema = url.options['currentSchema'];
    if (schema) await connection.query("SELECT set_config('search_path', $1, false)", [schema]);
    return work(new PostgresLockTable(connection));
  });
}

function onMysql<T>(
  url: JdbcUrl,
  { username = '', password = '' }: Login,
  signal: AbortSignal,
  work: (table: LockTable) => Promise<T>,
): Promise<T> {
  return withMysql(url, { username, password }, signal, (connection) => work(new MysqlLockTable(connection)));
}
