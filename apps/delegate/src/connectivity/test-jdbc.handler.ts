import { Inject, Injectable } from '@nestjs/common';
import { checkDatabaseUrl, parseJdbcUrl, requireFilesBelow } from '@sluice/db-migration';
import type { TestJdbcTask } from '@sluice/delegate-protocol';
import { CONFIG, type DelegateConfig } from '../config.js';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { askMysql } from './ask-mysql.js';
import { askPostgres } from './ask-postgres.js';
import { failed } from './http-ask.js';
import { slotReader, withSecrets } from './task-secrets.js';

/** Proves that a database takes the connector's credentials, by signing in. The URL is checked here once more: the delegate trusts no payload. */
@Injectable()
export class TestJdbcHandler implements TaskHandler<'test-jdbc'> {
  constructor(@Inject(CONFIG) private readonly config: Pick<DelegateConfig, 'databaseCertsDir'>) {}

  async run(task: TestJdbcTask, context: TaskContext): Promise<{ status: 'succeeded'; product: string }> {
    const { product, runsHere } = checkDatabaseUrl(task.url);
    if (!runsHere)
      throw failed(
        `the delegate has no driver for ${product}, so the connection cannot be tested, and steps cannot run there; it has drivers for PostgreSQL, MariaDB and MySQL`,
        'Unknown',
      );
    const url = parseJdbcUrl(task.url);
    await requireFilesBelow(url, this.config.databaseCertsDir);
    const answered = await withSecrets(task, context, (values) => {
      const slots = slotReader(task.secrets, values);
      const username = slots.value(task.usernameSlot) ?? task.username;
      const password = slots.value(task.passwordSlot);
      return url.product === 'postgresql'
        ? askPostgres(url, username, password)
        : askMysql(url, { username: username ?? '', password: password ?? '' }, context.signal);
    });
    return { status: 'succeeded', product: answered };
  }
}
