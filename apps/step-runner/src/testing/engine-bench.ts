import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { engineConnection, parseJdbcUrl } from '@sluice/db-migration';
import {
  liquibaseRollbackCount,
  liquibaseUpdate,
  startPostgres,
  type CliRun,
  type TestPostgres,
} from '@sluice/testing';
import { defaultEngineDirectory } from '../config.js';
import { prepareEngine, type EngineHome } from '../engine/engine-home.js';
import { EngineProcess } from '../engine/engine-process.js';
import type { EngineEvent, EngineFinished, EngineRunCommand } from '../engine/engine-protocol.js';

const run = promisify(execFile);

/** What one run of the engine told. */
export interface EngineOutcome {
  readonly finished: EngineFinished;
  readonly changesets: readonly Extract<EngineEvent, { type: 'changeset' }>[];
  readonly log: readonly string[];
}

export type EngineInput = Partial<
  Pick<
    EngineRunCommand,
    'action' | 'contexts' | 'labels' | 'settings' | 'parameters' | 'searchPath' | 'filePrefix' | 'tag' | 'count'
  >
>;

/** A database user; the administrator of the bench's server when there is none. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A real PostgreSQL, a source tree in a temporary folder, our engine and the stock command line to run it with. */
export class EngineBench {
  private databases = 0;
  private extensions: string | undefined;

  private constructor(
    readonly pg: TestPostgres,
    readonly home: EngineHome,
    /** Root of the source tree. */
    readonly tree: string,
  ) {}

  static async start(): Promise<EngineBench> {
    const [pg, home] = await Promise.all([startPostgres(), prepareEngine(defaultEngineDirectory(process.env))]);
    return new EngineBench(pg, home, mkdtempSync(join(tmpdir(), 'sluice-engine-')));
  }

  async stop(): Promise<void> {
    await this.pg.stop();
    for (const folder of [this.tree, this.extensions]) if (folder) rmSync(folder, { recursive: true, force: true });
  }

  /** Empties the tree and writes these files into it. */
  checkOut(files: Readonly<Record<string, string | Buffer>>): void {
    rmSync(this.tree, { recursive: true, force: true });
    mkdirSync(this.tree);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.tree, path)), { recursive: true });
      writeFileSync(join(this.tree, path), content);
    }
  }

  /** Compiles one class into a jar of a folder of its own; runs from here on have that folder as their extensions. */
  async extendWith(className: string, source: string): Promise<void> {
    this.extensions = mkdtempSync(join(tmpdir(), 'sluice-extensions-'));
    const file = join(this.extensions, `${className.split('.').pop() ?? ''}.java`);
    writeFileSync(file, source);
    await run('javac', ['-proc:none', '-cp', this.home.classPath, '-d', join(this.extensions, 'classes'), file]);
    await run('jar', [
      '--create',
      '--file',
      join(this.extensions, 'own.jar'),
      '-C',
      join(this.extensions, 'classes'),
      '.',
    ]);
  }

  async freshDatabase(): Promise<string> {
    this.databases += 1;
    const name = `bench_${this.databases}`;
    await this.pg.createDatabase(name);
    return name;
  }

  /** One JVM, one run. @param root source tree; the bench's own when absent */
  async run(
    database: string,
    changelog: string,
    input: EngineInput = {},
    root = this.tree,
    { username, password }: Login = this.pg,
  ): Promise<EngineOutcome> {
    const engine = EngineProcess.start(this.home, { heapMb: 192, warmUp: false, extensionsDir: this.extensions });
    const url = parseJdbcUrl(this.pg.jdbcUrl(database));
    const changesets: Extract<EngineEvent, { type: 'changeset' }>[] = [];
    const log: string[] = [];
    try {
      await engine.ready;
      const command: EngineRunCommand = {
        action: 'update',
        contexts: '',
        labels: '',
        settings: {},
        parameters: {},
        searchPath: [],
        filePrefix: '',
        ...input,
        ...engineConnection({ url, username, password, sessionName: 'sluice-bench' }),
        server: url.server,
        root,
        changelog,
        preStartTag: 'pre-start-bench',
        allowShellCommands: false,
        lockOwner: engine.lockOwner,
        sessionName: 'sluice-bench',
        recoveryMs: 10_000,
      };
      const finished = await engine.run(command, (event) => {
        if (event.type === 'changeset') changesets.push(event);
        if (event.type === 'log') log.push(...event.message.split('\n'));
      });
      return { finished, changesets, log };
    } finally {
      await engine.kill();
    }
  }

  /** The same with the stock command line. Resolves to whether it succeeded, and what it printed. */
  async stock(
    database: string,
    changelog: string,
    input: EngineInput = {},
    root = this.tree,
  ): Promise<{ readonly succeeded: boolean; readonly output: string }> {
    const options: CliRun = {
      directory: root,
      changelog,
      jdbcUrl: this.pg.jdbcUrl(database),
      username: this.pg.username,
      password: this.pg.password,
      contexts: input.contexts ?? '',
      labels: input.labels ?? '',
      parameters: input.parameters ?? {},
    };
    try {
      return {
        succeeded: true,
        output: await (input.count === undefined
          ? liquibaseUpdate(options)
          : liquibaseRollbackCount(input.count, options)),
      };
    } catch (cause) {
      return { succeeded: false, output: String(cause) };
    }
  }

  /** Everything a run leaves behind that does not depend on the clock, without the lock table (ours is made before the changelog is read): history rows, tables, columns, indexes, constraints, views and data. */
  async picture(database: string): Promise<Record<string, unknown>> {
    const rows = (sql: string): Promise<Record<string, unknown>[]> => this.pg.query(database, sql);
    const tables = await rows(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_name not like 'databasechangelog%' order by 1`,
    );
    const data: Record<string, unknown> = {};
    for (const { name } of tables)
      data[String(name)] = (
        await rows(`select to_jsonb(t)::text as row from public."${String(name)}" t order by 1`)
      ).map(({ row }) => row);
    const hasHistory = (await rows(`select to_regclass('public.databasechangelog') as found`))[0]?.['found'] !== null;
    return {
      history: hasHistory
        ? await rows(
            `select id, author, filename, orderexecuted, exectype, md5sum, description, comments, nullif(tag, 'pre-start-bench') as tag, contexts, labels from databasechangelog order by orderexecuted, filename, id`,
          )
        : null,
      columns: await rows(
        `select table_name, column_name, data_type, character_maximum_length, is_nullable, column_default from information_schema.columns where table_schema = 'public' and table_name <> 'databasechangeloglock' order by 1, 2`,
      ),
      indexes: await rows(
        `select indexdef from pg_indexes where schemaname = 'public' and tablename <> 'databasechangeloglock' order by 1`,
      ),
      constraints: await rows(
        `select conrelid::regclass::text as of, conname, pg_get_constraintdef(oid) as is from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'databasechangeloglock' order by 1, 2`,
      ),
      views: await rows(`select viewname, definition from pg_views where schemaname = 'public' order by 1`),
      data,
    };
  }
}
