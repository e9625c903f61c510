import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { sqlChangelog, tables } from '../harness/changelogs.js';
import { Project, type Target } from '../harness/project.js';
import { whileChangelogIsLocked } from '../harness/schema-dump.js';
import { executionLogWith, logLink, logPrefix, prefixFromSummary, rewrittenLink } from './execution-log.js';
import { BASES, mcpOf, must } from './fixtures.js';
import { applyPipeline, idlePipeline, inputSetYaml, pipelineWithInput, triggerYaml } from './pipeline-texts.js';
import type { McpClient } from './requests.js';
import { dataOf, path, property, testRows, type Row } from './rows.js';
import { ended, executionIdOf, run, runWithInputSets, runWithInputs, summaryOf } from './runs.js';

const STRING = expect.any(String);
const NUMBER = expect.any(Number);
const PIPELINES = '/pipeline/api/pipelines';
const EXECUTE = '/pipeline/api/pipeline/execute';

/** api-contract 7.3, row by row, and the tools the client composes of them. */
export function pipelineScenarios(stack: () => Stack): void {
  describe('the MCP client on pipelines', () => {
    let good: Target;
    let bad: Target;
    let plain: McpClient | undefined;
    const base = (): McpClient => {
      if (!plain) throw new Error('there is no client yet');
      return plain;
    };

    /** One run that works and one that does not, for everything that is only read. */
    beforeAll(async () => {
      const project = await Project.create(stack());
      const client = mcpOf(stack(), '', project.at);
      good = await project.target({ files: tables('clients', 1), changelog: 'changelog.sql' });
      bad = await project.target({
        files: { 'changelog.sql': sqlChangelog([{ id: 'one', sql: 'INSERT INTO absent VALUES (1);' }]) },
        changelog: 'changelog.sql',
      });
      const started = await Promise.all(
        [['works', good] as const, ['fails', bad] as const].map(async ([identifier, target]) => {
          await must(
            client.send({
              method: 'POST',
              path: `${PIPELINES}/v2`,
              scope: 'S',
              yaml: applyPipeline(identifier, target),
            }),
          );
          return run(client, identifier);
        }),
      );
      const [works = '', fails = ''] = started;
      await Promise.all(started.map((id) => ended(client, id)));
      plain = client.knowing({ works, fails, schema: good.schema, instance: good.instance });
    });

    describe.each(BASES)('$what', ({ path: basePath }) => {
      const suffix = basePath === '' ? 'a' : 'b';
      const mcp = (): McpClient => base().over(`${stack().gatewayUrl}${basePath}`);
      // A target is made before the rows run and read when they do.
      const later = (make: (target: Target) => string): string =>
        make({ schema: '{schema}', instance: '{instance}', url: '' });
      const idle = `idle_${suffix}`;

      testRows(mcp, pipelineRows(idle, later));
      testRows(mcp, inputSetRows(`in_${suffix}`, `set_${suffix}`, later));

      it('pipeline.run without inputs, by an empty body', async () => {
        const summary = await ended(mcp(), await run(mcp(), idle));
        expect(summary.status).toBe('Success');
      });
      it('pipeline.run with key and value: the template filled', async () => {
        const id = await runWithInputs(mcp(), `in_${suffix}`, { tag: 'v7' });
        const inputs = dataOf(
          await mcp().send({
            method: 'GET',
            path: `${PIPELINES}/execution/${id}/inputsetV2`,
            scope: 'S',
            query: { resolveExpressions: true, resolveExpressionsType: 'RESOLVE_ALL_EXPRESSIONS' },
          }),
        );
        expect(inputs).toMatchObject({
          inputSetYaml: expect.stringContaining('v7'),
          inputSetTemplateYaml: expect.stringContaining('<+input>'),
          latestTemplateYaml: STRING,
          resolvedYaml: expect.stringContaining('v7'),
          inputSetDetails: [],
        });
      });
      it('pipeline.run with inputs missing: says which, and names input sets; the platform refuses too', async () => {
        await expect(runWithInputs(mcp(), `in_${suffix}`, {})).rejects.toThrow(
          `no value for tag; input sets: set_${suffix}`,
        );
        expect(
          await mcp().send({ method: 'POST', path: `${EXECUTE}/in_${suffix}`, scope: 'S', yaml: '' }),
        ).toMatchObject({
          status: 400,
          body: { code: 'INVALID_REQUEST', message: expect.stringMatching(/is a runtime input without a value/) },
        });
      });
      it('pipeline.run with input sets, merged by the client', async () => {
        const id = await runWithInputSets(mcp(), `in_${suffix}`, [`set_${suffix}`]);
        expect(
          dataOf(await mcp().send({ method: 'GET', path: `${PIPELINES}/execution/${id}/inputsetV2`, scope: 'S' })),
        ).toMatchObject({ inputSetYaml: expect.stringContaining('from-set') });
      });
      it('pipeline.retry of a failed run starts another one; execution.interrupt aborts what runs, and says why not what has ended', () =>
        whileChangelogIsLocked(bad.url, async () => {
          const interrupt = (id: string) =>
            mcp().send({
              method: 'PUT',
              path: `${EXECUTE}/interrupt/${id}`,
              scope: 'S',
              query: { interruptType: 'AbortAll' },
              body: {},
              addsScopeTo: '',
            });
          const retried = dataOf(
            await mcp().send({
              method: 'PUT',
              path: `${EXECUTE}/retry/{fails}`,
              scope: 'S',
              query: { module: 'dbops' },
              body: {},
              addsScopeTo: '',
            }),
          );
          expect(retried).toMatchObject({ planExecution: { metadata: { retryInfo: { isRetry: true } } } });
          const id = executionIdOf(retried);
          expect(dataOf(await interrupt(id))).toMatchObject({ id: STRING, type: 'AbortAll', planExecutionId: id });
          expect((await ended(mcp(), id)).status).toBe('Aborted');
          expect(await interrupt('{fails}')).toMatchObject({
            status: 400,
            body: { code: 'INVALID_REQUEST', message: STRING },
          });
        }));
      it('pipeline.retry by the stages it may start from, of newer clients; execution.interrupt without a scope in the body, of a type there is not here', () =>
        whileChangelogIsLocked(bad.url, async () => {
          const retryStages = async (of: string) =>
            dataOf(
              await mcp().send({
                method: 'GET',
                path: `${EXECUTE}/{${of}}/retryStages`,
                scope: 'S',
                query: { pipelineIdentifier: of },
              }),
            );
          expect(await retryStages('works')).toMatchObject({ isResumable: false, errorMessage: STRING });
          expect(await retryStages('fails')).toMatchObject({
            isResumable: true,
            groups: [{ info: [{ identifier: 'database', name: 'database', status: 'Failed' }] }],
          });
          const query = { planExecutionId: '{fails}', retryStages: ['database'], runAllStages: 'true' };
          const id = executionIdOf(
            dataOf(await mcp().send({ method: 'POST', path: `${EXECUTE}/retry/fails`, scope: 'S', query, yaml: '' })),
          );
          const interrupt = (interruptType: string) =>
            mcp().send({
              method: 'PUT',
              path: `${EXECUTE}/interrupt/${id}`,
              scope: 'S',
              query: { interruptType },
              body: {},
            });
          expect(await interrupt('UserMarkedFailure')).toMatchObject({
            status: 400,
            body: { message: expect.stringContaining('supported are AbortAll and Abort') },
          });
          expect(dataOf(await interrupt('AbortAll'))).toMatchObject({ type: 'AbortAll', planExecutionId: id });
          expect((await ended(mcp(), id)).status).toBe('Aborted');
        }));
      it('pipeline_v1.execute and pipeline_dynamic_execution.run', async () => {
        const v1 = '/v1/orgs/{org}/projects/{project}/pipelines';
        const started = await mcp().send({ method: 'POST', path: `${v1}/${idle}/execute`, scope: 'OP', body: {} });
        expect(started).toMatchObject({
          status: 200,
          body: { execution_details: { execution_id: STRING, status: STRING } },
        });
        const yaml = stringify(idlePipeline(idle, { ...good, url: '' }));
        const dynamic = await mcp().send({
          method: 'POST',
          path: `${v1}/${idle}/execute/dynamic`,
          scope: 'OP',
          body: { yaml },
        });
        expect(dynamic.body).toMatchObject({ execution_details: { execution_id: STRING, status: STRING } });
        expect((await ended(mcp(), String(path(dynamic.body, 'execution_details', 'execution_id')))).status).toBe(
          'Success',
        );
      });
      testRows(mcp, executionRows());
      testRows(mcp, triggerRows(`t_${suffix}`, idle));
      testRows(mcp, approvalRows());
      testRows(mcp, v1Rows(`v1_${suffix}`, later));
      testRows(mcp, [
        {
          name: 'input_set.delete',
          method: 'DELETE',
          path: `/pipeline/api/inputSets/set_${suffix}`,
          scope: 'S',
          query: { pipelineIdentifier: `in_${suffix}` },
          extracts: 'NG',
          expected: true,
        },
        {
          name: 'pipeline.delete',
          method: 'DELETE',
          path: `${PIPELINES}/${idle}`,
          scope: 'S',
          extracts: 'NG',
          expected: true,
        },
        {
          name: 'pipeline.get of what is gone',
          method: 'GET',
          path: `${PIPELINES}/${idle}`,
          scope: 'S',
          status: 404,
          extracts: 'RAW',
          expected: { status: 'FAILURE', code: 'ENTITY_NOT_FOUND', message: STRING },
        },
      ]);
    });

    describe('logs', () => {
      it('execution_log of the whole run, of a stage and of a step, through the link', async () => {
        const executionId = base().nameOf('works');
        for (const request of [
          { executionId },
          { executionId, stage: 'database' },
          { executionId, step: 'apply', stage: 'database' },
        ]) {
          const text = await executionLogWith(base(), request, /clients-1/);
          expect(text).toMatch(/^\[\d{4}-.*Z\] [a-z]+: /);
          expect(text).not.toContain('\u001b');
          expect(text).toContain('clients-1');
        }
      });
      it('the key a client reads is the one it would make itself', async () => {
        const executionId = base().nameOf('works');
        const prefix = prefixFromSummary(base().account, await summaryOf(base(), executionId));
        expect(await logPrefix(base(), { executionId })).toBe(prefix);
        expect((await logPrefix(base(), { executionId, step: 'apply' })).startsWith(`${prefix}/`)).toBe(true);
      });
      it('the link leads below /gateway/log-service on the gateway, whatever its host, and works in a browser', async () => {
        const link = await logLink(base(), await logPrefix(base(), { executionId: base().nameOf('works') }));
        expect(rewrittenLink(link)).toMatchObject({
          kind: 'gateway',
          address: expect.stringMatching(/^\/gateway\/log-service\//),
        });
        const response = await fetch(link);
        expect([response.status, Buffer.from(await response.arrayBuffer()).toString('latin1', 0, 2)]).toEqual([
          200,
          'PK',
        ]);
      });
    });

    describe('composite tools', () => {
      it('harness_status: failed, running, newest', async () => {
        const list = async (query: object) =>
          dataOf(
            await base().send({
              method: 'POST',
              path: `${PIPELINES}/execution/summary`,
              scope: 'S',
              query: { page: 0, ...query },
              body: { filterType: 'PipelineExecution' },
              addsScopeTo: '',
            }),
          );
        const [failed, running, newest] = await Promise.all([
          list({ status: 'Failed', size: 5 }),
          list({ status: 'Running', size: 5 }),
          list({ size: 10 }),
        ]);
        expect((property(failed, 'content') as { status: string }[]).every(({ status }) => status === 'Failed')).toBe(
          true,
        );
        expect(property(failed, 'totalElements')).toBeGreaterThan(0);
        expect(property(running, 'content')).toEqual(expect.any(Array));
        expect((property(newest, 'content') as object[]).length).toBeGreaterThan(1);
      });
      it('harness_diagnose of a failed run: the failing step, what it said, and its log', async () => {
        const executionId = base().nameOf('fails');
        const detail = dataOf(
          await base().send({
            method: 'GET',
            path: `${PIPELINES}/execution/v2/${executionId}`,
            scope: 'S',
            query: { renderFullBottomGraph: true },
          }),
        );
        expect(stagesOf(property(detail, 'pipelineExecutionSummary'))).toMatchObject([
          {
            nodeIdentifier: 'database',
            name: 'database',
            status: 'Failed',
            startTs: NUMBER,
            endTs: NUMBER,
            failureInfo: { message: expect.stringContaining('absent') },
          },
        ]);
        const [step, ...others] = failedSteps(detail);
        expect([step?.['identifier'], others]).toEqual(['apply', []]);
        expect(path(step, 'failureInfo', 'message')).toMatch(/relation "absent" does not exist/);
        expect(step).toMatchObject({
          baseFqn: expect.stringMatching(/\.stages\.database\./),
          stepType: STRING,
          delegateInfoList: [{ name: STRING }],
          startTs: NUMBER,
          endTs: NUMBER,
          logBaseKey: STRING,
        });
        expect(await executionLogWith(base(), { executionId, step: 'apply', stage: 'database' }, /absent/)).toMatch(
          /absent/,
        );
      });
    });
  });
}

type Node = Record<string, unknown>;

/** Stages as the client walks to them: from the starting node to children of what is no stage, then to what follows. */
function stagesOf(summary: unknown): Node[] {
  const nodes = property(summary, 'layoutNodeMap') as Record<string, Node>;
  const walk = (id: string): Node[] => {
    const node = nodes[id];
    if (!node) return [];
    const { currentNodeChildren, nextIds } = node['edgeLayoutList'] as {
      currentNodeChildren: string[];
      nextIds: string[];
    };
    const here = node['nodeGroup'] === 'STAGE' ? [node] : currentNodeChildren.flatMap(walk);
    return [...here, ...nextIds.flatMap(walk)];
  };
  return walk(String(property(summary, 'startingNodeId')));
}

/** What the client calls the failure is the first: a node below `steps` that failed and says why. */
function failedSteps(detail: unknown): Node[] {
  const nodes = Object.values(path(detail, 'executionGraph', 'nodeMap') as Record<string, Node>);
  return nodes.filter(
    (node) =>
      ['Failed', 'Errored', 'Aborted'].includes(String(node['status'])) &&
      path(node, 'failureInfo', 'message') &&
      String(node['baseFqn']).includes('.steps.'),
  );
}

type Later = (make: (target: Target) => string) => string;

function pipelineRows(id: string, later: Later): Row[] {
  const yaml = later((target) => stringify(idlePipeline(id, target, { description: 'D', tags: { a: 'b' } })));
  const json = later((target) =>
    JSON.stringify({
      ...idlePipeline(id, target, { description: 'E' }),
      orgIdentifier: '{org}',
      projectIdentifier: '{project}',
    }),
  );
  const saved = { identifier: id, governanceMetadata: { deny: false, status: 'pass' } };
  const summary = {
    identifier: id,
    name: `Pipeline ${id}`,
    numOfStages: 1,
    version: NUMBER,
    createdAt: NUMBER,
    lastUpdatedAt: NUMBER,
    stageNames: ['database'],
    modules: expect.any(Array),
    executionSummaryInfo: { numOfErrors: expect.any(Array), deployments: expect.any(Array) },
  };
  return [
    {
      name: 'pipeline.create from YAML',
      method: 'POST',
      path: `${PIPELINES}/v2`,
      scope: 'S',
      query: { storeType: 'INLINE' },
      yaml,
      extracts: 'NG',
      expected: saved,
    },
    {
      name: 'pipeline.list',
      method: 'POST',
      path: `${PIPELINES}/list`,
      scope: 'S',
      query: { searchTerm: id, module: 'dbops', page: 0, size: 20 },
      body: { filterType: 'PipelineSetup' },
      addsScopeTo: '',
      extracts: 'PAGE',
      expected: { items: [summary], total: 1 },
    },
    // Before it changes a pipeline the client looks here whether that is stored inline; else it wants commits of a repository.
    {
      name: 'pipeline.get',
      method: 'GET',
      path: `${PIPELINES}/${id}`,
      scope: 'S',
      query: { branch: 'main', storeType: 'INLINE' },
      extracts: 'NG',
      expected: {
        yamlPipeline: expect.stringContaining(`identifier: ${id}`),
        version: 1,
        storeType: 'INLINE',
        entityValidityDetails: { valid: true },
        modules: expect.any(Array),
      },
    },
    {
      name: 'pipeline_resolved_yaml.get',
      method: 'GET',
      path: `${PIPELINES}/${id}`,
      scope: 'S',
      query: { getTemplatesResolvedPipeline: 'true', loadFromFallbackBranch: false },
      extracts: 'NG',
      expected: { resolvedTemplatesPipelineYaml: expect.stringContaining(`identifier: ${id}`) },
    },
    {
      name: 'pipeline.update from an object, sent as JSON labelled YAML',
      method: 'PUT',
      path: `${PIPELINES}/v2/${id}`,
      scope: 'S',
      query: { lastObjectId: '', lastCommitId: '' },
      yaml: json,
      extracts: 'NG',
      expected: saved,
    },
    {
      name: 'pipeline_summary.get',
      method: 'GET',
      path: `${PIPELINES}/summary/${id}`,
      scope: 'S',
      extracts: 'NG',
      expected: { ...summary, description: 'E', version: 2 },
    },
    {
      name: 'pipeline.import, which needs pipelines in Git',
      method: 'POST',
      path: `${PIPELINES}/import`,
      scope: 'S',
      query: {
        connectorRef: 'git',
        repoName: 'orders',
        branch: 'main',
        filePath: 'p.yaml',
        isForceImport: false,
        isHarnessCodeRepo: false,
      },
      body: { pipelineName: 'x', pipelineDescription: '' },
      addsScopeTo: '',
      status: 422,
      extracts: 'RAW',
      expected: { code: 'NOT_IMPLEMENTED', message: STRING },
    },
  ];
}

function inputSetRows(pipeline: string, set: string, later: Later): Row[] {
  const root = '/pipeline/api/inputSets';
  const of = { scope: 'S', query: { pipelineIdentifier: pipeline } } as const;
  const shown = {
    identifier: set,
    name: `Set ${set}`,
    pipelineIdentifier: pipeline,
    tags: { a: 'b' },
    isOutdated: false,
    inputSetYaml: expect.stringContaining('variables'),
  };
  return [
    {
      name: 'pipeline.create with an input',
      method: 'POST',
      path: `${PIPELINES}/v2`,
      scope: 'S',
      yaml: later((target) => stringify(pipelineWithInput(pipeline, target))),
      extracts: 'NG',
      expected: { identifier: pipeline },
    },
    {
      name: 'input_set.create',
      method: 'POST',
      path: root,
      ...of,
      yaml: inputSetYaml(set, pipeline, 'first'),
      extracts: 'NG',
      expected: shown,
    },
    {
      name: 'input_set.update',
      method: 'PUT',
      path: `${root}/${set}`,
      ...of,
      yaml: inputSetYaml(set, pipeline, 'from-set'),
      extracts: 'NG',
      expected: { ...shown, version: 2 },
    },
    {
      name: 'input_set.get',
      method: 'GET',
      path: `${root}/${set}`,
      ...of,
      extracts: 'NG',
      expected: { ...shown, inputSetYaml: expect.stringContaining('from-set') },
    },
    {
      name: 'input_set.list',
      method: 'GET',
      path: root,
      scope: 'S',
      query: { pipelineIdentifier: pipeline, page: 0, size: 20 },
      extracts: 'PAGE',
      expected: { items: [{ identifier: set, inputSetType: 'INPUT_SET', pipelineIdentifier: pipeline }], total: 1 },
    },
    {
      name: 'runtime_input_template.get',
      method: 'POST',
      path: `${root}/template`,
      scope: 'S',
      query: { pipelineIdentifier: pipeline, branch: 'main' },
      body: {},
      addsScopeTo: '',
      extracts: 'NG',
      expected: {
        inputSetTemplateYaml: expect.stringContaining('<+input>'),
        hasInputSets: true,
        modules: expect.any(Array),
      },
    },
  ];
}

function executionRows(): Row[] {
  const summary = {
    pipelineIdentifier: 'works',
    planExecutionId: STRING,
    name: 'works',
    status: 'Success',
    orgIdentifier: STRING,
    projectIdentifier: STRING,
    shouldUseSimplifiedKey: true,
    runSequence: NUMBER,
    startTs: NUMBER,
    endTs: NUMBER,
    createdAt: NUMBER,
    startingNodeId: STRING,
    layoutNodeMap: expect.any(Object),
    executionTriggerInfo: { triggerType: 'MANUAL', triggeredBy: { identifier: STRING, extraInfo: { email: STRING } } },
  };
  const one = `${PIPELINES}/execution/v2/{works}`;
  return [
    {
      name: 'execution.list',
      method: 'POST',
      path: `${PIPELINES}/execution/summary`,
      scope: 'S',
      query: {
        pipelineIdentifier: 'works',
        status: 'Success',
        myDeployments: true,
        module: 'dbops',
        page: 0,
        size: 20,
      },
      body: { filterType: 'PipelineExecution' },
      addsScopeTo: '',
      extracts: 'PAGE',
      expected: { items: [summary], total: 1 },
    },
    {
      name: 'execution.get',
      method: 'GET',
      path: one,
      scope: 'S',
      extracts: 'NG',
      expected: { pipelineExecutionSummary: summary },
    },
    {
      name: 'execution.get with the full graph',
      method: 'GET',
      path: one,
      scope: 'S',
      query: { renderFullBottomGraph: true },
      extracts: 'NG',
      expected: {
        pipelineExecutionSummary: summary,
        executionGraph: { rootNodeId: STRING, nodeMap: expect.any(Object), nodeAdjacencyListMap: expect.any(Object) },
      },
    },
    {
      name: 'execution_inputs.get',
      method: 'GET',
      path: `${PIPELINES}/execution/{works}/inputsetV2`,
      scope: 'S',
      extracts: 'NG',
      expected: { inputSetYaml: null, inputSetTemplateYaml: null, inputSetDetails: [] },
    },
  ];
}

function triggerRows(id: string, pipeline: string): Row[] {
  const root = '/pipeline/api/triggers';
  const of = { scope: 'S', query: { targetIdentifier: pipeline } } as const;
  const shown = {
    identifier: id,
    name: `Trigger ${id}`,
    type: 'Webhook',
    targetIdentifier: pipeline,
    enabled: false,
    version: 1,
    yaml: expect.stringContaining('payloadConditions'),
    webhookUrl: expect.stringMatching(/\/gateway\/ng\/api\/webhook\?accountIdentifier=/),
  };
  return [
    {
      name: 'trigger.create',
      method: 'POST',
      path: root,
      ...of,
      yaml: triggerYaml(id, pipeline),
      extracts: 'NG',
      expected: shown,
    },
    {
      name: 'trigger.list',
      method: 'GET',
      path: root,
      scope: 'S',
      query: { targetIdentifier: pipeline, searchTerm: id, page: 0, size: 20 },
      extracts: 'PAGE',
      expected: {
        items: [
          { identifier: id, name: `Trigger ${id}`, type: 'Webhook', enabled: false, executions: [0, 0, 0, 0, 0, 0, 0] },
        ],
        total: 1,
      },
    },
    { name: 'trigger.get', method: 'GET', path: `${root}/${id}`, ...of, extracts: 'NG', expected: shown },
    {
      name: 'trigger.update',
      method: 'PUT',
      path: `${root}/${id}`,
      ...of,
      yaml: triggerYaml(id, pipeline, 'Renamed'),
      extracts: 'NG',
      expected: { ...shown, name: 'Renamed', version: 2 },
    },
    { name: 'trigger.delete', method: 'DELETE', path: `${root}/${id}`, ...of, extracts: 'NG', expected: true },
  ];
}

function approvalRows(): Row[] {
  const list = '/pipeline/api/v1/orgs/{org}/projects/{project}/approvals/execution';
  const say = (action: string): Row => ({
    name: `approval_instance.${action.toLowerCase()} of one there is not`,
    method: 'POST',
    path: '/pipeline/api/approvals/none/harness/activity',
    scope: 'S',
    body: { action, comments: '' },
    addsScopeTo: '',
    status: 404,
    extracts: 'RAW',
    expected: { code: 'ENTITY_NOT_FOUND', message: STRING },
  });
  return [
    {
      name: 'approval_instance.list',
      method: 'GET',
      path: `${list}/{works}`,
      scope: 'S',
      extracts: 'RAW',
      expected: [],
    },
    {
      name: 'approval_instance.list, filtered',
      method: 'GET',
      path: `${list}/{works}`,
      scope: 'S',
      query: { approval_status: 'WAITING', approval_type: 'HarnessApproval', node_execution_id: 'x' },
      extracts: 'RAW',
      expected: [],
    },
    {
      name: 'approval_instance.list of an execution there is not',
      method: 'GET',
      path: `${list}/none`,
      scope: 'S',
      status: 404,
      extracts: 'RAW',
      expected: { code: 'ENTITY_NOT_FOUND' },
    },
    say('APPROVE'),
    say('REJECT'),
  ];
}

function v1Rows(id: string, later: Later): Row[] {
  const root = '/v1/orgs/{org}/projects/{project}/pipelines';
  const raw = { scope: 'OP', extracts: 'RAW' } as const;
  const body = {
    pipeline_yaml: later((target) => stringify(idlePipeline(id, target))),
    identifier: id,
    name: `Pipeline ${id}`,
    description: 'D',
    tags: { a: 'b' },
    version: '0',
  };
  return [
    { name: 'pipeline_v1.create', method: 'POST', path: root, ...raw, body, expected: { identifier: id } },
    {
      name: 'pipeline_v1.list',
      method: 'GET',
      path: root,
      ...raw,
      query: { search_term: id, module: 'dbops', page: 0, limit: 20 },
      expected: [
        { identifier: id, name: `Pipeline ${id}`, created: NUMBER, updated: NUMBER, modules: expect.any(Array) },
      ],
    },
    {
      name: 'pipeline_v1.get',
      method: 'GET',
      path: `${root}/${id}`,
      ...raw,
      expected: {
        identifier: id,
        name: `Pipeline ${id}`,
        pipeline_yaml: STRING,
        org: STRING,
        project: STRING,
        valid: true,
        store_type: 'INLINE',
      },
    },
    { name: 'pipeline_v1.update', method: 'PUT', path: `${root}/${id}`, ...raw, body, expected: { identifier: id } },
    { name: 'pipeline_v1.delete', method: 'DELETE', path: `${root}/${id}`, ...raw, status: 204, expected: undefined },
  ];
}
