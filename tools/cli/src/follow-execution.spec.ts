import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { followExecution } from './follow-execution.js';
import { GatewayClient } from './gateway-client.js';

const AT = { org: 'o', project: 'p' };

/** An execution as the pipeline service shows it: a step, and its resource part that repeats what the step waits for. */
function seen(status: string, holder?: { readonly id: string; readonly note: string }): unknown {
  const progressData = holder ? { notes: ['an earlier note', holder.note], resourceHolder: { planExecutionId: holder.id } } : {};
  const node = { status, progressData, logBaseKey: '' };
  return {
    pipelineExecutionSummary: { pipelineIdentifier: 'nightly', status },
    executionGraph: {
      nodeMap: { step: { uuid: 'step', identifier: 'apply', name: 'Apply', ...node }, part: { uuid: 'part', identifier: 'apply_resource', name: 'Resource Constraint', ...node, progressData: holder ? { ...progressData, notes: [holder.note] } : {} } },
      nodeAdjacencyListMap: { step: { children: ['part'] }, part: { children: [] } },
    },
  };
}

describe('following an execution', () => {
  let server: Server;
  afterEach(() => new Promise((done) => server.close(done)));

  it('says once which run holds the instance it waits for, again when that changes, and no more when it has it', async () => {
    const [first, second] = [{ id: 'one', note: 'waits: run 1 holds it' }, { id: 'two', note: 'waits: run 2 holds it' }];
    const answers = [seen('Running'), seen('ResourceWaiting', first), seen('ResourceWaiting', first), seen('ResourceWaiting', second), seen('Running'), seen('Success')];
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'SUCCESS', data: answers.length > 1 ? answers.shift() : answers[0] }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const gateway = new GatewayClient({ url: `http://127.0.0.1:${port}`, apiKey: 'pat.account.id.secret' });
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    await followExecution(gateway, AT, 'e', { onLine: () => undefined, onStatus: say, onWait: say, timeoutMs: 60_000 });
    server.closeAllConnections();
    expect(said).toEqual(['Running', 'ResourceWaiting', 'Apply waits: run 1 holds it', 'Apply waits: run 2 holds it', 'Running', 'Success']);
  });
});
