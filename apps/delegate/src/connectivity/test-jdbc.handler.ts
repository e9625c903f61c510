import { connect } from 'node:net';
import { Injectable } from '@nestjs/common';
import { secretExpressionsOf, type FailureType, type TestJdbcTask } from '@sluice/delegate-protocol';
import { AppError, messageOf } from '@sluice/kernel';
import pg from 'pg';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { parseJdbcUrl, type JdbcAddress } from './jdbc-url.js';

const LIMIT_MS = 10_000;

/** Proves that a database answers: signed in and asked on PostgreSQL, by an open port elsewhere. */
@Injectable()
export class TestJdbcHandler implements TaskHandler<'test-jdbc'> {
  async run(task: TestJdbcTask, context: TaskContext): Promise<{ status: 'succeeded'; product: string }> {
    const address = parseJdbcUrl(task.url);
    const values = await context.secrets(secretExpressionsOf(task));
    const slot = task.secrets.find(({ name }) => name === task.passwordSlot);
    const password = slot && values.get(slot.expression);
    const product = address.vendor === 'postgresql' ? await askPostgres(address, task.username, password) : await knock(address, context.signal);
    return { status: 'succeeded', product };
  }
}

async function askPostgres(address: JdbcAddress, username: string | undefined, password: string | undefined): Promise<string> {
  const { host, port, parameters } = address;
  const database = address.database === '' ? username : address.database;
  const sslMode = parameters['sslmode'] ?? (parameters['ssl'] === 'true' ? 'verify-full' : 'prefer');
  const client = (ssl: boolean): pg.Client =>
    new pg.Client({
      host,
      port,
      user: username,
      password,
      database,
      connectionTimeoutMillis: LIMIT_MS,
      query_timeout: LIMIT_MS,
      application_name: 'sluice-connection-test',
      ssl: ssl && { rejectUnauthorized: sslMode.startsWith('verify') },
    });
  const attempt = async (ssl: boolean): Promise<string> => {
    const connection = client(ssl);
    connection.on('error', () => undefined);
    try {
      await connection.connect();
      const { rows } = await connection.query<{ server_version: string }>('SHOW server_version');
      return `PostgreSQL ${rows[0]?.server_version ?? ''}`.trim();
    } finally {
      await connection.end().catch(() => undefined);
    }
  };
  try {
    if (sslMode === 'disable') return await attempt(false);
    return await attempt(true).catch((cause: unknown) => {
      if (/does not support SSL/.test(messageOf(cause)) && ['prefer', 'allow'].includes(sslMode)) return attempt(false);
      throw cause;
    });
  } catch (cause) {
    throw postgresFailure(cause, address, username);
  }
}

function postgresFailure(cause: unknown, { host, port, database }: JdbcAddress, username: string | undefined): AppError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const where = `${host}:${port}`;
  const failed = (message: string, failureType: FailureType): AppError => new AppError('UPSTREAM_UNAVAILABLE', message, { failureType }, { cause });
  if (code.startsWith('28')) return failed(`the database at ${where} refuses user "${username ?? ''}": ${messageOf(cause)}`, 'Authentication');
  if (code === '3D000') return failed(`the database server at ${where} has no database "${database}"`, 'Unknown');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return failed(`the host "${host}" cannot be found by the delegate (name resolution failed)`, 'Connectivity');
  if (code === 'ECONNREFUSED') return failed(`nothing listens at ${where} (connection refused)`, 'Connectivity');
  return failed(`the database at ${where} cannot be used: ${messageOf(cause)}`, 'Connectivity');
}

/** Whether anybody listens there. */
function knock({ vendor, host, port }: JdbcAddress, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: LIMIT_MS, signal });
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new AppError('UPSTREAM_UNAVAILABLE', `the ${vendor} database at ${host}:${port} cannot be reached from the delegate: ${reason}`, { failureType: 'Connectivity' }));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve(`${vendor} (the port answers; the credentials are first used by a step)`);
    });
    socket.once('timeout', () => fail(`no answer within ${LIMIT_MS / 1000} s`));
    socket.once('error', (cause) => fail(messageOf(cause)));
  });
}
