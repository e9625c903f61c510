import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readExecution } from './execution.js';
import { GatewayClient } from './gateway-client.js';

/** A step, and its part that names the same log under a name of its own. */
const EXECUTION = {
  pipelineExecutionSummary: { pipelineIdentifier: 'nightly', status: 'Success' },
  executionGraph: {
    nodeMap: {
      step: {
        uuid: 'step',
        identifier: 'apply',
        name: 'Apply changelog',
        status: 'Success',
        executableResponses: [{ task: { logKeys: ['log/apply'] } }],
      },
      part: { uuid: 'part', identifier: 'part', name: 'Apply', status: 'Success', logBaseKey: 'log/apply' },
      other: { uuid: 'other', identifier: 'tag', name: 'Tag', status: 'Success', logBaseKey: 'log/tag' },
    },
    nodeAdjacencyListMap: { step: { children: ['part'] } },
  },
};

describe('an execution as the gateway shows it', () => {
  let server: Server;
  afterEach(() => new Promise((done) => server.close(done)));

  it('has every log once, under the name of the step, although parts of the step name it too', async () => {
    server = createServer((_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ status: 'SUCCESS', data: EXECUTION })),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const gateway = new GatewayClient({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      apiKey: 'pat.account.id.secret',
    });
    const { logs } = await readExecution(gateway, { org: 'o', project: 'p' }, 'e');
    server.closeAllConnections();
    expect(logs).toEqual([
      { key: 'log/apply', stepName: 'Apply changelog' },
      { key: 'log/tag', stepName: 'Tag' },
    ]);
  });
});
