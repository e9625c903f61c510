import { describe, expect, it } from '@jest/globals';
import type { Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { mcpOf, must, newPlace } from './fixtures.js';
import { idlePipeline, inputSetYaml } from './pipeline-texts.js';
import { path } from './rows.js';
import { ended, run } from './runs.js';

const PIPELINES = '/pipeline/api/pipelines';
const TOKENS = '/ng/api/delegate-token-ng';

/** What people do who begin again under the same name. */
export function removalScenarios(stack: () => Stack): void {
  describe('a project that is deleted and made again under its name', () => {
    it('is empty, whatever was in it, and works', async () => {
      const anywhere = mcpOf(stack(), '', { org: 'default', project: 'none' });
      const client = anywhere.at(await newPlace(anywhere));
      const { org, project } = client.place;
      const yaml = stringify(idlePipeline('kept', { schema: 'orders', instance: 'prod', url: '' }));
      const fill = async (): Promise<number> => {
        await must(client.send({ method: 'POST', path: `${PIPELINES}/v2`, scope: 'S', yaml }));
        await must(
          client.send({
            method: 'POST',
            path: '/pipeline/api/inputSets',
            scope: 'S',
            query: { pipelineIdentifier: 'kept' },
            yaml: inputSetYaml('set', 'kept', 'v1'),
          }),
        );
        await must(client.send({ method: 'POST', path: TOKENS, scope: 'S', query: { tokenName: 'builders' } }));
        const id = await run(client, 'kept');
        await ended(client, id);
        return path(
          await must(client.send({ method: 'GET', path: `${PIPELINES}/execution/v2/${id}`, scope: 'S' })),
          'pipelineExecutionSummary',
          'runSequence',
        ) as number;
      };
      const counts = async (): Promise<unknown[]> => [
        path(
          await must(
            client.send({
              method: 'POST',
              path: `${PIPELINES}/list`,
              scope: 'S',
              body: { filterType: 'PipelineSetup' },
            }),
          ),
          'totalElements',
        ),
        path(
          await must(
            client.send({
              method: 'POST',
              path: `${PIPELINES}/execution/summary`,
              scope: 'S',
              body: { filterType: 'PipelineExecution' },
            }),
          ),
          'totalElements',
        ),
        ((await client.send({ method: 'GET', path: TOKENS, scope: 'S' })).body as { resource: unknown[] }).resource
          .length,
      ];
      expect([await fill(), await counts()]).toEqual([1, [1, 1, 1]]);
      await must(
        client.send({
          method: 'DELETE',
          path: `/ng/api/projects/${project}`,
          scope: 'AO',
          query: { forceDelete: true },
        }),
      );
      await must(
        client.send({
          method: 'POST',
          path: '/ng/api/projects',
          scope: 'A',
          query: { orgIdentifier: org },
          body: { project: { identifier: project, name: 'Again', orgIdentifier: org } },
        }),
      );
      expect(await counts()).toEqual([0, 0, 0]);
      expect((await client.send({ method: 'GET', path: `${PIPELINES}/kept`, scope: 'S' })).status).toBe(404);
      expect([await fill(), await counts()]).toEqual([1, [1, 1, 1]]);
    });
  });
}
