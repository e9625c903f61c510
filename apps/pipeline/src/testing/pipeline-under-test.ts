import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningApp } from '@sluice/http';
import { newId, waitFor, type RoleGrant } from '@sluice/kernel';
import type { ExecutionDetail, PlanExecutionResponse } from '@sluice/pipeline-api';
import { isFinal } from '@sluice/pipeline-engine';
import { startPostgres, testIdentities, testUser, type TestIdentities, type TestPostgres } from '@sluice/testing';
import { bootstrap } from '../bootstrap.js';
import { DelegateServiceDouble } from './delegate-service-double.js';
import { startNgManagerDouble, type NgManagerDouble } from './ng-manager-double.js';

export interface Answer<T> {
  readonly status: number;
  readonly body: {
    readonly data: T;
    readonly code?: string;
    readonly message?: string;
    readonly errors?: readonly { fieldId: string; error: string }[];
  };
  readonly headers: Headers;
}

/** Everything around a pipeline service: a real database, doubles of its two neighbours, keys; and a client. */
export class World {
  private constructor(
    readonly pg: TestPostgres,
    readonly identities: TestIdentities,
    readonly delegates: DelegateServiceDouble,
    readonly ngManager: NgManagerDouble,
    readonly env: Record<string, string>,
    private readonly folder: string,
  ) {}

  app: RunningApp | undefined;
  url = '';

  static async create(): Promise<World> {
    const pg = await startPostgres();
    const identities = testIdentities();
    const delegates = new DelegateServiceDouble();
    const address = await delegates.start(await identities.of('delegate-service'));
    const ngManager = await startNgManagerDouble(await identities.of('ng-manager'));
    const folder = mkdtempSync(join(tmpdir(), 'sluice-pipeline-'));
    writeFileSync(join(folder, 'url'), await pg.createDatabase('pipeline'), { mode: 0o600 });
    return new World(
      pg,
      identities,
      delegates,
      ngManager,
      {
        PIPELINE_PORT: '0',
        PIPELINE_DATABASE_URL_FILE: join(folder, 'url'),
        PIPELINE_SERVICE_KEY_FILE: identities.keyFile('pipeline'),
        SERVICE_KEYS_DIR: identities.keysDir,
        PIPELINE_NG_MANAGER_URL: ngManager.url,
        PIPELINE_DELEGATE_SERVICE_ADDRESS: address,
        PIPELINE_POD_LOG_SERVICE_URL: 'http://127.0.0.1:8079',
        DELEGATE_SERVICE_LEASE_MS: '900',
        PIPELINE_ABORT_TIMEOUT_MS: '1500',
        PIPELINE_SWEEP_MS: '200',
        PIPELINE_REFERENCES_WAIT_MS: '60000',
        LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
      },
      folder,
    );
  }

  /** Starts the service inside this process. */
  async startInProcess(over: Record<string, string> = {}): Promise<void> {
    this.app = await bootstrap({ ...this.env, ...over });
    this.url = this.app.url;
  }

  async stopApp(): Promise<void> {
    await this.app?.close();
    this.app = undefined;
  }

  async stop(): Promise<void> {
    await this.stopApp();
    await Promise.all([this.delegates.stop(), this.ngManager.close()]);
    await this.pg.stop();
    this.identities.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A project of its own, so that tests do not see each other. */
  project(accountId = 'acc', grants?: readonly RoleGrant[]): ProjectClient {
    return new ProjectClient(this, accountId, 'default', `p${newId()}`, grants);
  }
}

/** Calls the service as the gateway would, for one user in one project. */
export class ProjectClient {
  constructor(
    private readonly world: World,
    readonly accountId: string,
    readonly org: string,
    readonly project: string,
    private readonly grants: readonly RoleGrant[] | undefined,
  ) {}

  /** The same project, seen by somebody else. */
  as(accountId: string, grants?: readonly RoleGrant[]): ProjectClient {
    return new ProjectClient(this.world, accountId, this.org, this.project, grants);
  }

  async send<T>(
    method: string,
    path: string,
    body?: string | object,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const own = await this.world.identities.headers('pipeline', testUser(this.accountId, this.grants));
    const isV1 = path.startsWith('/v1');
    const scope = `accountIdentifier=${this.accountId}&routingId=${this.accountId}&orgIdentifier=${this.org}&projectIdentifier=${this.project}`;
    const url = `${this.world.url}${path}${isV1 ? '' : `${path.includes('?') ? '&' : '?'}${scope}`}`;
    const content: Record<string, string> =
      body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' };
    const response = await fetch(url, {
      method,
      headers: { ...own, ...content, ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : { data: text }) as Answer<T>['body'],
    };
  }

  async create(yaml: string): Promise<void> {
    const answer = await this.send('POST', '/pipeline/api/pipelines/v2', yaml);
    if (answer.status !== 200) throw new Error(`create: ${answer.status} ${answer.body.message ?? ''}`);
  }

  async execute(pipeline: string, inputYaml = ''): Promise<string> {
    const answer = await this.send<PlanExecutionResponse>(
      'POST',
      `/pipeline/api/pipeline/execute/${pipeline}`,
      inputYaml,
    );
    if (answer.status !== 200) throw new Error(`execute: ${answer.status} ${answer.body.message ?? ''}`);
    return answer.body.data.planExecution.uuid;
  }

  async detail(planExecutionId: string): Promise<Required<ExecutionDetail>> {
    const answer = await this.send<Required<ExecutionDetail>>(
      'GET',
      `/pipeline/api/pipelines/execution/v2/${planExecutionId}?renderFullBottomGraph=true`,
    );
    if (answer.status !== 200) throw new Error(`detail: ${answer.status} ${answer.body.message ?? ''}`);
    return answer.body.data;
  }

  /** Waits until the execution has ended. */
  ended(planExecutionId: string, timeoutMs = 240_000): Promise<Required<ExecutionDetail>> {
    return waitFor(
      async () => {
        const detail = await this.detail(planExecutionId);
        return isFinal(detail.pipelineExecutionSummary.status) && detail;
      },
      { timeoutMs, what: `end of ${planExecutionId}` },
    );
  }

  abort(planExecutionId: string): Promise<Answer<{ id: string }>> {
    return this.send('PUT', `/pipeline/api/pipeline/execute/interrupt/${planExecutionId}?interruptType=AbortAll`, {});
  }
}

/** Nodes of a graph by identifier; the first of each. */
export function byIdentifier(
  detail: Required<ExecutionDetail>,
): Record<string, Required<ExecutionDetail>['executionGraph']['nodeMap'][string]> {
  return Object.fromEntries(
    Object.values(detail.executionGraph.nodeMap)
      .reverse()
      .map((node) => [node.identifier, node]),
  );
}

/** Statuses by identifier of stages, groups, initialise nodes and steps. */
export function statuses(detail: Required<ExecutionDetail>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(byIdentifier(detail))
      .filter(([identifier]) => !/_(resource|clone|command)$/.test(identifier))
      .map(([identifier, node]) => [identifier, node.status]),
  );
}

export interface StepText {
  readonly id: string;
  readonly type?: string;
  readonly instance?: string;
  /** Further lines of the spec and of the step, as `key: value`. */
  readonly spec?: readonly string[];
  readonly extra?: readonly string[];
}

/** YAML of a step group with DB steps, indented for `steps:` of an execution. */
export function groupYaml(id: string, steps: readonly StepText[], extra: readonly string[] = []): string {
  const pad = (lines: readonly string[], by: number): string =>
    lines.map((line) => `${' '.repeat(by)}${line}\n`).join('');
  return `              - stepGroup:
                  identifier: ${id}
                  name: ${id}
${pad(extra, 18)}                  stepGroupInfra: { type: KubernetesDirect, spec: { connectorRef: k8s } }
                  steps:
${steps
  .map(
    (step) => `                    - step:
                        identifier: ${step.id}
                        name: ${step.id}
                        type: ${step.type ?? 'DBSchemaApply'}
                        timeout: 10m
${pad(step.extra ?? [], 24)}                        spec:
                          connectorRef: account.harnessImage
                          dbSchema: orders
                          dbInstance: ${step.instance ?? 'prod'}
${pad(step.spec ?? [], 26)}`,
  )
  .join('')}`;
}

export function stageYaml(
  id: string,
  groups: string,
  options: { readonly extra?: readonly string[]; readonly rollback?: string } = {},
): string {
  return `    - stage:
        identifier: ${id}
        name: ${id}
        type: Custom
${(options.extra ?? []).map((line) => `        ${line}\n`).join('')}        spec:
          execution:
            steps:
${groups}${options.rollback === undefined ? '' : `            rollbackSteps:\n${options.rollback}`}`;
}

export function pipelineYaml(id: string, stages: string, extra: readonly string[] = []): string {
  return `pipeline:
  identifier: ${id}
  name: ${id}
${extra.map((line) => `  ${line}\n`).join('')}  stages:
${stages}`;
}

/** One stage, one group, one step. */
export function simplePipeline(id: string, step: StepText = { id: 'apply' }): string {
  return pipelineYaml(id, stageYaml('db', groupYaml('grp', [step])));
}
