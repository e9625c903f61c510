import { describe, expect, it } from '@jest/globals';
import { GatewayClient } from '@sluice/cli';
import type { Stack } from '@sluice/local-stack';
import { tables } from './harness/changelogs.js';
import { Project, type Run, type Target } from './harness/project.js';

interface Seeded {
  readonly project: Project;
  readonly target: Target;
  readonly run: Run;
  readonly pipeline: string;
}

interface Probe {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  /** A list: answers, but with nothing of the first account in it. */
  readonly isList?: boolean;
}

/** Every route a deployment uses, aimed at what the first account owns. */
function probes({ project, target, run, pipeline }: Seeded): Probe[] {
  const { org, project: name } = project.at;
  const v1 = `/v1/orgs/${org}/projects/${name}`;
  const scope = { orgIdentifier: org, projectIdentifier: name };
  const schema = `${v1}/dbschema/${target.schema}`;
  const key = run.nodes.find((node) => node.identifier === 'apply')?.logBaseKey ?? '';
  return [
    { method: 'GET', path: '/ng/api/organizations', isList: true },
    { method: 'GET', path: '/ng/api/projects', isList: true },
    { method: 'GET', path: `/ng/api/projects/${name}`, query: { orgIdentifier: org } },
    { method: 'DELETE', path: `/ng/api/projects/${name}`, query: { orgIdentifier: org } },
    { method: 'GET', path: `/ng/api/connectors/${target.schema}_jdbc`, query: scope },
    { method: 'DELETE', path: `/ng/api/connectors/${target.schema}_jdbc`, query: scope },
    { method: 'POST', path: '/ng/api/connectors/listV2', query: scope, body: { filterType: 'Connector' }, isList: true },
    { method: 'GET', path: `/ng/api/v2/secrets/${target.schema}_password`, query: scope },
    { method: 'DELETE', path: `/ng/api/v2/secrets/${target.schema}_password`, query: scope },
    { method: 'POST', path: '/ng/api/v2/secrets/list/secrets', query: scope, body: { filterType: 'Secret' }, isList: true },
    { method: 'POST', path: '/ng/api/delegate-setup/listDelegates', body: { filterType: 'Delegate' }, isList: true },
    { method: 'GET', path: `${v1}/dbschema`, isList: true },
    { method: 'GET', path: schema },
    { method: 'PUT', path: schema, body: { name: 'taken over' } },
    { method: 'DELETE', path: schema },
    { method: 'POST', path: `${schema}/instancelist`, body: {}, isList: true },
    { method: 'GET', path: `${schema}/instance/${target.instance}` },
    { method: 'DELETE', path: `${schema}/instance/${target.instance}` },
    { method: 'POST', path: `${schema}/migrationstate`, body: {} },
    { method: 'GET', path: `${schema}/dbinstance/${target.instance}/migrationstate` },
    { method: 'POST', path: `${schema}/instance/${target.instance}/deployedState`, body: { planExecutionId: run.id, stageExecutionId: 'x', pipeline, stepType: 'DBSchemaApply' }, isList: true },
    { method: 'GET', path: `/pipeline/api/pipelines/${pipeline}`, query: scope },
    { method: 'DELETE', path: `/pipeline/api/pipelines/${pipeline}`, query: scope },
    { method: 'POST', path: '/pipeline/api/pipelines/list', query: scope, body: { filterType: 'PipelineSetup' }, isList: true },
    { method: 'POST', path: `/pipeline/api/pipeline/execute/${pipeline}`, query: scope },
    { method: 'PUT', path: `/pipeline/api/pipeline/execute/interrupt/${run.id}`, query: { ...scope, interruptType: 'AbortAll' } },
    { method: 'GET', path: `/pipeline/api/pipelines/execution/v2/${run.id}`, query: scope },
    { method: 'POST', path: '/pipeline/api/pipelines/execution/summary', query: scope, body: { filterType: 'PipelineExecution' }, isList: true },
    { method: 'GET', path: '/log-service/blob', query: { key } },
    { method: 'GET', path: '/log-service/stream', query: { key } },
  ];
}

export function tenancyScenarios(stack: () => Stack): void {
  describe('a second account', () => {
    it('sees and changes nothing of the first, on any route, whichever account it names; nor does anybody without a key', async () => {
      const project = await Project.create(stack());
      const target = await project.target({ files: tables('tenant', 1), changelog: 'changelog.sql' });
      const run = await project.apply(target);
      const [pipeline] = (await listedPipelines(project)) as [string];
      const other = stack().accounts[1];
      if (!other) throw new Error('the stack has no second account');
      const stranger = new GatewayClient({ url: stack().gatewayUrl, apiKey: other.apiKey });
      const findings: string[] = [];
      for (const probe of probes({ project, target, run, pipeline })) {
        for (const accountId of [other.identifier, project.gateway.accountId]) {
          const { status, text } = await send(stranger, probe, accountId);
          const isRefused = [400, 403, 404].includes(status);
          const isEmptyList = probe.isList === true && accountId === other.identifier && status === 200 && !mentions(text, [project.at.project, target.schema, run.id]);
          if (!isRefused && !isEmptyList) findings.push(`${probe.method} ${probe.path} as ${accountId === other.identifier ? 'itself' : 'the first account'}: ${status}`);
        }
        const anonymous = await fetch(new URL(`/gateway${probe.path}`, stack().gatewayUrl), { method: probe.method });
        await anonymous.body?.cancel();
        if (anonymous.status !== 401) findings.push(`${probe.method} ${probe.path} without a key: ${anonymous.status}`);
      }
      expect(findings).toEqual([]);
      expect((await project.read(run.id)).status).toBe('Success');
      expect((await project.migrationState(target)).length).toBe(1);
    });
  });
}

async function send(stranger: GatewayClient, probe: Probe, accountId: string): Promise<{ status: number; text: string }> {
  const response = await stranger.fetch(probe.method, probe.path, {
    query: { accountIdentifier: accountId, accountID: accountId, ...probe.query },
    ...(probe.path.includes('/execute/') ? { yaml: '' } : probe.body === undefined ? {} : { body: probe.body }),
    signal: AbortSignal.timeout(20_000),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (isStream && response.ok) {
    await response.body?.cancel();
    return { status: response.status, text: '' };
  }
  return { status: response.status, text: await response.text() };
}

function mentions(text: string, names: readonly string[]): boolean {
  return names.some((name) => text.includes(name));
}

async function listedPipelines(project: Project): Promise<string[]> {
  const answer = (await project.gateway.call('POST', '/pipeline/api/pipelines/list', { query: project.scope, body: { filterType: 'PipelineSetup' } })) as { data: { content: { identifier: string }[] } };
  return answer.data.content.map(({ identifier }) => identifier);
}
