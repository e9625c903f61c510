import {
  Entities,
  GatewayClient,
  followExecution,
  readMigrationState,
  type ChangesetState,
  type ProjectRef,
} from '@sluice/cli';
import { newId, waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { RepositoryFiles } from './changelogs.js';
import { withClient } from './schema-dump.js';

const FINAL = new Set(['Success', 'Failed', 'Aborted', 'Expired', 'Errored', 'IgnoreFailed']);
/** Both are there to end a broken test. */
const RUN_LIMIT_MS = 600_000;
const ANSWER_LIMIT_MS = 120_000;

const graphNode = z.looseObject({
  uuid: z.string(),
  identifier: z.string(),
  name: z.string(),
  stepType: z.string().nullish(),
  status: z.string(),
  baseFqn: z.string(),
  logBaseKey: z.string().nullish(),
  failureInfo: z.looseObject({ message: z.string().nullish() }).nullish(),
  outcomes: z.record(z.string(), z.unknown()).nullish(),
});
export type GraphNode = z.infer<typeof graphNode>;

const detail = z.looseObject({
  data: z.looseObject({
    pipelineExecutionSummary: z.looseObject({
      status: z.string(),
      startTs: z.number().nullish(),
      endTs: z.number().nullish(),
      failureInfo: z.looseObject({ message: z.string().nullish() }).nullish(),
    }),
    executionGraph: z.looseObject({ nodeMap: z.record(z.string(), graphNode) }).nullish(),
  }),
});

/** An execution as a user sees it. */
export interface Run {
  readonly id: string;
  readonly status: string;
  /** Times of the execution as shown, in epoch milliseconds; undefined before they are. */
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly nodes: readonly GraphNode[];
  /** All failure messages of the graph and the summary, in one text. */
  readonly failure: string;
  /** Log lines by step name, as the tail gave them. */
  readonly lines: readonly string[];
}

export interface Target {
  readonly schema: string;
  readonly instance: string;
  /** Connection URL of the target database, for checks from outside. */
  readonly url: string;
}

export interface TargetOptions {
  readonly files: RepositoryFiles;
  readonly changelog: string;
  readonly context?: string;
  readonly branch?: string;
  /** What the connectors say instead of the truth. */
  readonly wrong?: { readonly password?: string; readonly jdbcUrl?: string; readonly repositoryUrl?: string };
}

/** A user with a project of their own on a running stack; everything goes through the gateway API. */
export class Project {
  readonly gateway: GatewayClient;
  readonly at: ProjectRef;
  private readonly entities: Entities;

  private constructor(
    readonly stack: Stack,
    apiKey: string,
    project: string,
  ) {
    this.gateway = new GatewayClient({ url: stack.gatewayUrl, apiKey, requestTimeoutMs: ANSWER_LIMIT_MS });
    this.at = { org: 'default', project };
    this.entities = new Entities(this.gateway, this.at);
  }

  static async create(stack: Stack, apiKey = stack.apiKey): Promise<Project> {
    const project = new Project(stack, apiKey, `p_${newId()}`);
    await project.entities.ensureProject({ org: 'Default', project: 'Scenario' });
    return project;
  }

  get scope(): Record<string, string> {
    return {
      accountIdentifier: this.gateway.accountId,
      orgIdentifier: this.at.org,
      projectIdentifier: this.at.project,
    };
  }

  /** An empty database of its own on the customer's server; answers its connection URL. */
  async database(): Promise<{ readonly name: string; readonly url: string; readonly jdbcUrl: string }> {
    const { customerDatabase: server } = this.stack;
    const name = `db_${newId().toLowerCase()}`;
    await withClient(server.adminUrl, async (client) => {
      await client.query(`CREATE DATABASE ${name} OWNER ${server.username}`);
    });
    return {
      name,
      url: server.url.replace(/\/[^/]*$/, `/${name}`),
      jdbcUrl: server.jdbcUrl.replace(/\/[^/]*$/, `/${name}`),
    };
  }

  /** Repository, secret, connectors, schema and instance of one changelog and one new database. */
  async target(options: TargetOptions): Promise<Target> {
    const { customerDatabase: server, git } = this.stack;
    const id = `t_${newId()}`;
    const database = await this.database();
    const repository = await git.createRepository(id, options.files).then(() => git.urlOf(id));
    await this.entities.putTextSecret(`${id}_password`, 'Password', options.wrong?.password ?? server.password);
    await this.entities.putJdbcConnector(`${id}_jdbc`, 'Database', {
      url: options.wrong?.jdbcUrl ?? database.jdbcUrl,
      username: server.username,
      passwordRef: `${id}_password`,
    });
    await this.entities.putGitConnector(`${id}_git`, 'Repository', { url: options.wrong?.repositoryUrl ?? repository });
    await this.entities.putSchema(id, 'Schema', { connector: `${id}_git`, location: options.changelog });
    await this.entities.putInstance(id, `${id}_i`, 'Instance', {
      connector: `${id}_jdbc`,
      ref: { branch: options.branch ?? 'main' },
      context: options.context ?? '',
    });
    return { schema: id, instance: `${id}_i`, url: database.url };
  }

  async pipeline(pipeline: { readonly stages: readonly object[] }): Promise<string> {
    const identifier = `run_${newId()}`;
    await this.entities.putPipeline(
      identifier,
      stringify({
        pipeline: {
          identifier,
          name: 'Scenario',
          orgIdentifier: this.at.org,
          projectIdentifier: this.at.project,
          ...pipeline,
        },
      }),
    );
    return identifier;
  }

  async start(pipeline: string): Promise<string> {
    const answer = await this.gateway.call('POST', `/pipeline/api/pipeline/execute/${pipeline}`, {
      query: { ...this.scope, moduleType: 'DBOPS' },
      yaml: '',
    });
    return z.looseObject({ data: z.looseObject({ planExecution: z.looseObject({ uuid: z.string() }) }) }).parse(answer)
      .data.planExecution.uuid;
  }

  async read(planExecutionId: string): Promise<Omit<Run, 'lines'>> {
    const answer = await this.gateway.call('GET', `/pipeline/api/pipelines/execution/v2/${planExecutionId}`, {
      query: { ...this.scope, renderFullBottomGraph: true },
    });
    const { pipelineExecutionSummary: summary, executionGraph } = detail.parse(answer).data;
    const nodes = Object.values(executionGraph?.nodeMap ?? {});
    const messages = [summary.failureInfo?.message, ...nodes.map((node) => node.failureInfo?.message)].filter(
      (text): text is string => Boolean(text),
    );
    return {
      id: planExecutionId,
      status: summary.status,
      startedAt: summary.startTs ?? undefined,
      endedAt: summary.endTs ?? undefined,
      nodes,
      failure: [...new Set(messages)].join('\n'),
    };
  }

  /** Waits for the end, with no log. Looks often; a gateway that is away for a moment is borne. */
  async ended(planExecutionId: string, timeoutMs = RUN_LIMIT_MS): Promise<Omit<Run, 'lines'>> {
    return waitFor(
      async () => {
        const run = await this.read(planExecutionId).catch(() => undefined);
        return run && FINAL.has(run.status) ? run : undefined;
      },
      { timeoutMs, intervalMs: 100, what: `execution ${planExecutionId} has ended` },
    );
  }

  /** Runs a pipeline to its end and keeps its log lines. */
  async run(pipeline: string): Promise<Run> {
    const id = await this.start(pipeline);
    const lines: string[] = [];
    await followExecution(this.gateway, this.at, id, {
      onLine: (_step, line) => lines.push(line.out),
      timeoutMs: RUN_LIMIT_MS,
    });
    return { ...(await this.read(id)), lines };
  }

  /** One stage, one group, one `DBSchemaApply`; runs it. */
  async apply(target: Target, options: { readonly tag?: string; readonly timeout?: string } = {}): Promise<Run> {
    return this.run(
      await this.pipeline({ stages: [stage('database', [group('migrate', [applyStep('apply', target, options)])])] }),
    );
  }

  async migrationState(target: Target): Promise<readonly ChangesetState[]> {
    const { changesets } = await readMigrationState(this.gateway, this.at, target.schema, target.instance);
    return changesets;
  }
}

export function stage(
  identifier: string,
  steps: readonly object[],
  more: { readonly when?: object; readonly rollbackSteps?: readonly object[] } = {},
): object {
  const { rollbackSteps, ...rest } = more;
  return {
    stage: {
      identifier,
      name: identifier,
      type: 'Custom',
      ...rest,
      spec: { execution: { steps, ...(rollbackSteps ? { rollbackSteps } : {}) } },
    },
  };
}

export function group(identifier: string, steps: readonly object[], more: { readonly when?: object } = {}): object {
  return {
    stepGroup: {
      identifier,
      name: identifier,
      stepGroupInfra: { type: 'KubernetesDirect', spec: { connectorRef: 'account.local' } },
      ...more,
      steps,
    },
  };
}

interface StepOptions {
  readonly timeout?: string;
  readonly when?: object;
}

export function applyStep(
  identifier: string,
  target: Target,
  options: StepOptions & { readonly tag?: string } = {},
): object {
  return dbStep(identifier, 'DBSchemaApply', target, options, options.tag ? { tag: options.tag } : {});
}

export function rollbackStep(
  identifier: string,
  target: Target,
  to: { readonly tag: string } | { readonly changeSetCount: number },
  options: StepOptions = {},
): object {
  return dbStep(identifier, 'DBSchemaRollback', target, options, to);
}

function dbStep(
  identifier: string,
  type: string,
  target: Target,
  { timeout = '10m', when }: StepOptions,
  spec: object,
): object {
  return {
    step: {
      identifier,
      name: identifier,
      type,
      timeout,
      ...(when ? { when } : {}),
      spec: { connectorRef: 'account.harnessImage', dbSchema: target.schema, dbInstance: target.instance, ...spec },
    },
  };
}

/** The node of a step by its identifier. @throws Error when the graph has none */
export function nodeOf(run: Pick<Run, 'nodes'>, identifier: string): GraphNode {
  const found = run.nodes.find((node) => node.identifier === identifier);
  if (!found) throw new Error(`no node "${identifier}" among ${run.nodes.map((node) => node.identifier).join(', ')}`);
  return found;
}
