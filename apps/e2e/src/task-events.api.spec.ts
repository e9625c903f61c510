import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DELEGATE_ADMIN_SERVICE, type DelegateAdminMethods } from '@sluice/delegate-rpc';
import { bootstrap as startDelegateService } from '@sluice/delegate-service';
import { ServiceClient } from '@sluice/grpc';
import { waitFor } from '@sluice/kernel';
import { bootstrap as startPipeline } from '@sluice/pipeline';
import { startPostgres, testIdentities, testUser, type TestPostgres } from '@sluice/testing';

const POISONED = 'poisoned';
const HEALTHY = 'healthy';
const TIMES = 100;
const LOOK = { timeoutMs: 90_000 } as const;

/** NG manager as far as reports go: the instance is gone, until it is there again. */
class Reports {
  isKnown = false;
  readonly taken: string[] = [];
  refused = 0;
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isReport = request.url?.endsWith('/db-steps/report') === true;
      response.setHeader('content-type', 'application/json');
      if (isReport && this.isKnown) {
        this.taken.push((JSON.parse(Buffer.concat(chunks).toString()) as { stepExecutionId: string }).stepExecutionId);
        return response.end(JSON.stringify({ recorded: true }));
      }
      if (isReport) this.refused += 1;
      response.statusCode = 404;
      response.end(
        JSON.stringify({
          code: 'RESOURCE_NOT_FOUND',
          message: 'instance with id [prod] schema [orders] does not exist',
        }),
      );
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('a stream of task events with a hundred late results that are refused for good and a hundred results no store can hold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-task-events-'));
  const identities = testIdentities();
  const reports = new Reports();
  const closing: (() => Promise<void>)[] = [];
  let pg: TestPostgres;
  let admin: ServiceClient<DelegateAdminMethods>;

  const count = async (database: string, sql: string, parameters: readonly unknown[] = []): Promise<number> =>
    (await pg.query<{ count: number }>(database, `SELECT count(*)::int AS count FROM ${sql}`, [...parameters]))[0]
      ?.count ?? 0;
  const letters = (): Promise<number> => count('delegate_service', 'task_dead_letters');

  beforeAll(async () => {
    pg = await startPostgres();
    const urlFile = async (name: string): Promise<string> => {
      const file = join(folder, name);
      writeFileSync(file, await pg.createDatabase(name), { mode: 0o600 });
      return file;
    };
    const common = { SERVICE_KEYS_DIR: identities.keysDir, LOG_LEVEL: 'silent' };
    const delegateService = await startDelegateService({
      ...common,
      DELEGATE_SERVICE_PORT: '0',
      DELEGATE_SERVICE_GRPC_PORT: '0',
      DELEGATE_SERVICE_DATABASE_URL_FILE: await urlFile('delegate_service'),
      DELEGATE_SERVICE_SERVICE_KEY_FILE: identities.keyFile('delegate-service'),
    });
    closing.push(() => delegateService.close());
    admin = new ServiceClient<DelegateAdminMethods>({
      service: DELEGATE_ADMIN_SERVICE,
      address: delegateService.grpcAddress,
      target: 'delegate-service',
      identity: await identities.of('ng-manager'),
    });
    const pipelineUrl = await urlFile('pipeline');
    const pipeline = (delegateServiceAddress: string) =>
      reports
        .listen()
        .then((ngManagerUrl) =>
          startPipeline({
            ...common,
            PIPELINE_PORT: '0',
            PIPELINE_DATABASE_URL_FILE: pipelineUrl,
            PIPELINE_SERVICE_KEY_FILE: identities.keyFile('pipeline'),
            PIPELINE_NG_MANAGER_URL: ngManagerUrl,
            PIPELINE_DELEGATE_SERVICE_ADDRESS: delegateServiceAddress,
            PIPELINE_POD_LOG_SERVICE_URL: 'http://127.0.0.1:8079',
          }),
        );
    const app = await pipeline(delegateService.grpcAddress);
    closing.push(
      () => app.close(),
      () => reports.close(),
    );
    // Stands for whatever a store cannot hold and nobody made storable: it answers as PostgreSQL does to an escaped NUL.
    await pg.query(
      'pipeline',
      `CREATE FUNCTION refuse_marked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.report::text LIKE '%cannot be held%' THEN RAISE 'unsupported Unicode escape sequence' USING ERRCODE = '22P05'; END IF; RETURN NEW; END $$`,
    );
    await pg.query(
      'pipeline',
      `CREATE TRIGGER refuse_marked BEFORE UPDATE ON execution_tasks FOR EACH ROW EXECUTE FUNCTION refuse_marked()`,
    );
  }, 300_000);
  afterAll(async () => {
    admin.close();
    for (const close of [...closing].reverse()) await close();
    await pg.stop();
    identities.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An execution with tasks, as pipeline has stored them; nobody runs it. */
  const storeTasks = async (
    accountId: string,
    ids: readonly string[],
    kind: 'execute-step' | 'cleanup-pod',
    status: 'open' | 'abandoned',
  ): Promise<void> => {
    const caller = { accountId, principal: { type: 'service', id: 'spec', name: 'spec' }, grants: [] };
    await pg.query(
      'pipeline',
      `INSERT INTO executions (account_id, org_id, project_id, plan_execution_id, pipeline_identifier, name, run_sequence, status, plan, outline, search_text, yaml, input_yaml, caller, correlation_id, created_at, valid_until, ended_at, is_started)
       VALUES ($1, 'default', 'shop', $1, 'p', 'p', 1, 'Failed', '{"pipelineIdentifier":"p","nodes":{}}', '{}', '', '', '', $2, 'c', 1, 1, 1, true) ON CONFLICT DO NOTHING`,
      [accountId, JSON.stringify(caller)],
    );
    const context =
      kind === 'execute-step'
        ? {
            kind,
            podId: 'pod',
            stageId: 'stage',
            dbSchema: 'orders',
            dbInstance: 'prod',
            command: 'Update',
            runTimeoutMs: 1,
          }
        : { kind, podId: 'pod' };
    for (const id of ids) {
      await pg.query(
        'pipeline',
        `INSERT INTO execution_nodes (plan_execution_id, node_id, status, state) VALUES ($1, $2, 'Failed', $3)`,
        [
          accountId,
          `node-${id}`,
          JSON.stringify({
            status: 'Failed',
            startedAt: 1,
            endedAt: 1,
            notes: [],
            outputs: {},
            tasks: [],
            failure: null,
          }),
        ],
      );
      await pg.query(
        'pipeline',
        `INSERT INTO execution_tasks (task_id, plan_execution_id, node_id, workflow_id, kind, status, context, created_at) VALUES ($1, $2, $3, 'no such workflow', $4, $5, $6, 1)`,
        [id, accountId, `node-${id}`, kind, status, JSON.stringify(context)],
      );
    }
  };

  /** The ends of tasks, as delegate-service keeps them in its outbox. */
  const storeEnds = async (
    accountId: string,
    ids: readonly string[],
    outcome: 'completed' | 'late',
    result: unknown,
  ): Promise<void> => {
    for (const id of ids) {
      await pg.query(
        'delegate_service',
        `INSERT INTO tasks (id, account_id, org_id, project_id, consumer, kind, payload, secret_expressions, selectors, description, traceparent, queue_timeout_ms, run_timeout_ms, state, outcome, epoch, queue_deadline, ended_at)
         VALUES ($1, $2, 'default', 'shop', 'pipeline', 'execute-step', '{}', '{}', '{}', 'spec', '', 1, 1, 'ENDED', 'completed', 1, now(), now())`,
        [id, accountId],
      );
      await pg.query(
        'delegate_service',
        `INSERT INTO task_results (task_id, epoch, delegate_id, outcome, result) VALUES ($1, 1, 'd', $2, $3)`,
        [id, outcome === 'late' ? 'late' : 'accepted', JSON.stringify(result)],
      );
      await pg.query(
        'delegate_service',
        `INSERT INTO task_events (consumer, task_id, account_id, org_id, project_id, type, epoch, body, traceparent) VALUES ('pipeline', $1, $2, 'default', 'shop', 'ended', 1, $3, '')`,
        [id, accountId, JSON.stringify({ outcome, hasResult: true, delegateId: 'd', delegateName: 'd' })],
      );
    }
  };

  const stepEnd = (message: string) => ({
    kind: 'execute-step',
    outcome: {
      status: 'failed',
      changesets: [],
      history: [],
      pending: [],
      outputs: {},
      startedAt: 1,
      endedAt: 2,
      error: { message, failureType: 'Unknown' },
    },
  });
  const late = Array.from({ length: TIMES }, (_, at) => `late-${at}`);
  const unheld = Array.from({ length: TIMES }, (_, at) => `unheld-${at}`);

  it('does not hold up another account, and has each of them among the dead letters once, tried once', async () => {
    await storeTasks(POISONED, late, 'execute-step', 'abandoned');
    await storeTasks(POISONED, unheld, 'execute-step', 'open');
    await storeTasks(HEALTHY, ['good'], 'cleanup-pod', 'open');
    await storeEnds(POISONED, late, 'late', stepEnd('lost'));
    await storeEnds(POISONED, unheld, 'completed', stepEnd('changeset a\0b failed: this cannot be held'));
    await storeEnds(HEALTHY, ['good'], 'completed', { kind: 'cleanup-pod', outcome: { status: 'succeeded' } });
    await waitFor(
      async () => (await count('pipeline', `execution_tasks WHERE task_id = 'good' AND status = 'ended'`)) === 1,
      { ...LOOK, what: 'the healthy event handled' },
    );
    await waitFor(async () => (await letters()) === 2 * TIMES, { ...LOOK, what: 'all poisoned events set aside' });
    expect(await count('delegate_service', 'task_events')).toBe(0);
    expect(reports.refused).toBe(TIMES);
    expect(
      await count(
        'delegate_service',
        `task_dead_letters WHERE account_id = '${POISONED}' AND attempts = 1 AND reason LIKE 'instance with id [prod]%'`,
      ),
    ).toBe(TIMES);
    expect(
      await count(
        'delegate_service',
        `task_dead_letters WHERE account_id = '${POISONED}' AND attempts = 1 AND reason LIKE 'unsupported Unicode escape sequence%'`,
      ),
    ).toBe(TIMES);
    expect(await count('pipeline', `execution_tasks WHERE task_id LIKE 'unheld-%' AND status = 'open'`)).toBe(0);
    expect(
      await count(
        'pipeline',
        `execution_nodes WHERE node_id LIKE 'node-late-%' AND state->>'notes' LIKE '%cannot be recorded: instance with id%'`,
      ),
    ).toBe(TIMES);
  }, 300_000);

  it('shows them to their account alone, newest first, and has each handled after it is sent again', async () => {
    const list = (accountId: string, page = 0) =>
      admin.unary(testUser(accountId), 'ListDeadLetters', { accountId, page, size: 100 });
    expect(await list(HEALTHY)).toEqual({ letters: [], total: 0 });
    const [first, second] = [await list(POISONED), await list(POISONED, 1)];
    const all = [...first.letters, ...second.letters];
    expect([first.total, all.length, new Set(all.map(({ taskId }) => taskId)).size]).toEqual([
      2 * TIMES,
      2 * TIMES,
      2 * TIMES,
    ]);
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).sort((a, b) => b - a));
    const redrive = (accountId: string, id: number) =>
      admin.unary(testUser(accountId), 'RedriveDeadLetter', { accountId, id });
    await expect(redrive(HEALTHY, all[0]?.id ?? 0)).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
    reports.isKnown = true;
    for (const { id } of all) await redrive(POISONED, id);
    await waitFor(() => new Set(reports.taken).size === 2 * TIMES, { ...LOOK, what: 'every result reported' });
    await waitFor(async () => (await count('delegate_service', 'task_events')) === 0, {
      ...LOOK,
      what: 'an empty outbox',
    });
    expect(await letters()).toBe(0);
    await expect(redrive(POISONED, all[0]?.id ?? 0)).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
  }, 300_000);
});
