import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from './main.js';
import { AnsweringGateway } from './testing/answering-gateway.js';

const DETAIL =
  'GET /gateway/pipeline/api/pipelines/execution/v2/E1?accountIdentifier=ACC&orgIdentifier=default&projectIdentifier=deployments&renderFullBottomGraph=true';
const at = (status: string): Record<string, unknown> => ({
  [DETAIL]: { pipelineExecutionSummary: { pipelineIdentifier: 'p', status } },
});

describe('watch command', () => {
  const gateway = new AnsweringGateway();
  beforeAll(() => gateway.start());
  afterAll(() => gateway.stop());

  it('ends with a code of its own when its time is over and the execution goes on, and names both ways to go on', async () => {
    gateway.answers = at('Running');
    const { code, lines } = await gateway.run('watch', 'E1', '--timeout', '1s');
    expect(code).toBe(EXIT.stillRunning);
    expect(lines.join('\n')).toContain('execution E1 has not ended within 1 s; it goes on');
    for (const way of ['npm run sluice -- watch E1', 'npm run sluice -- abort E1'])
      expect(lines.join('\n')).toContain(way);
  });

  it.each([
    ['Success', EXIT.success],
    ['Failed', EXIT.failed],
    ['Aborted', EXIT.failed],
  ])('has the result %s of the execution as its exit code', async (status, expected) => {
    gateway.answers = at(status);
    expect((await gateway.run('watch', 'E1')).code).toBe(expected);
  });
});
