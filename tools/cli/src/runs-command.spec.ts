import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from './main.js';
import { AnsweringGateway } from './testing/answering-gateway.js';

const LIST =
  'POST /gateway/pipeline/api/pipelines/execution/summary?accountIdentifier=ACC&orgIdentifier=default&projectIdentifier=nope&page=0&size=20&sort=startTs%2CDESC';
const PROJECT = 'GET /projects/nope?accountIdentifier=ACC&orgIdentifier=default';

describe('runs command', () => {
  const gateway = new AnsweringGateway();
  beforeAll(() => gateway.start());
  afterAll(() => gateway.stop());

  it('tells a project without executions from one that does not exist', async () => {
    gateway.answers = { [LIST]: { content: [] }, [PROJECT]: { project: { identifier: 'nope' } } };
    expect(await gateway.run('runs', '--project', 'nope')).toEqual({
      code: EXIT.success,
      lines: ['No executions in project nope of organization default.'],
    });

    gateway.answers = { [LIST]: { content: [] } };
    gateway.absent.add(PROJECT);
    expect(await gateway.run('runs', '--project', 'nope')).toEqual({
      code: EXIT.failed,
      lines: ['there is no project nope in organization default; name another with --org and --project'],
    });
  });
});
