import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { followExecution, StillRunningError } from './follow-execution.js';
import { GatewayClient } from './gateway-client.js';

const AT = { org: 'o', project: 'p' };

/** An execution as the pipeline service shows it: a step, and its resource part that repeats what the step waits for. */
function seen(status: string, holder?: { readonly id: string; readonly note: string }): unknown {
  const progressData = holder
    ? { notes: ['an earlier note', holder.note], resourceHolder: { planExecutionId: holder.id } }
    : {};
  const node = { status, progressData, logBaseKey: '' };
  return {
    pipelineExecutionSummary: { pipelineIdentifier: 'nightly', status },
    executionGraph: {
      nodeMap: {
        step: { uuid: 'step', identifier: 'apply', name: 'Apply', ...node },
        part: {
          uuid: 'part',
          identifier: 'apply_resource',
          name: 'Resource Constraint',
          ...node,
          progressData: holder ? { ...progressData, notes: [holder.note] } : {},
        },
      },
      nodeAdjacencyListMap: { step: { children: ['part'] }, part: { children: [] } },
    },
  };
}

describe('following an execution', () => {
  let server: Server;
  afterEach(() => new Promise((done) => server.close(done)));

  /** Every answer in turn, the last one again and again; `gone` breaks the connection, `cut` breaks it within the answer. */
  async function clientOf(answers: (unknown | 'gone' | 'cut')[]): Promise<GatewayClient> {
    server = createServer((_request, response) => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === 'gone') return void response.destroy();
      const body = JSON.stringify({ status: 'SUCCESS', data: answer });
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body) + (answer === 'cut' ? 1_000 : 0),
      });
      if (answer === 'cut') response.write(body, () => response.destroy());
      else response.end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    return new GatewayClient({ url: `http://127.0.0.1:${port}`, apiKey: 'pat.account.id.secret' });
  }

  it('goes on while Sluice does not answer, however long, and when an answer breaks off, and says so once', async () => {
    const gateway = await clientOf([seen('Running'), 'cut', ...Array<string>(30).fill('gone'), seen('Success')]);
    const said: string[] = [];
    const { status } = await followExecution(gateway, AT, 'e', {
      onLine: () => undefined,
      onWait: (text) => said.push(text),
      timeoutMs: 600_000,
    });
    server.closeAllConnections();
    expect(status).toBe('Success');
    expect(said).toEqual([expect.stringMatching(/^Sluice does not answer at .*; looking again until the time limit$/)]);
  }, 300_000);

  it('at its time limit tells an execution that was seen to go on from one of which nothing is known', async () => {
    const seenToGoOn = await followExecution(await clientOf([seen('Running')]), AT, 'e', {
      onLine: () => undefined,
      timeoutMs: 0,
    }).catch((cause: unknown) => cause);
    expect(seenToGoOn).toMatchObject({ message: 'execution e has not ended within 0 s; it goes on' });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    const unknown = await followExecution(await clientOf(['gone']), AT, 'e', {
      onLine: () => undefined,
      timeoutMs: 0,
    }).catch((cause: unknown) => cause);
    server.closeAllConnections();
    expect(unknown).toBeInstanceOf(StillRunningError);
    expect(unknown).toMatchObject({
      message: expect.stringMatching(
        /^execution e was not seen to end within 0 s; it goes on, as far as is known \(Sluice does not answer/,
      ),
    });
  });

  it('at its time limit says what ends the execution, where that is known', async () => {
    const cause = await followExecution(await clientOf([seen('Running')]), AT, 'e', {
      onLine: () => undefined,
      timeoutMs: 0,
      endsBy: 'Sluice ends its database step after 1800s',
    }).catch((error: unknown) => error);
    server.closeAllConnections();
    expect(cause).toMatchObject({
      message: 'execution e has not ended within 0 s; it goes on, and Sluice ends its database step after 1800s',
    });
  });

  it('says once which run holds the instance it waits for, again when that changes, and no more when it has it', async () => {
    const [first, second] = [
      { id: 'one', note: 'waits: run 1 holds it' },
      { id: 'two', note: 'waits: run 2 holds it' },
    ];
    const answers = [
      seen('Running'),
      seen('ResourceWaiting', first),
      seen('ResourceWaiting', first),
      seen('ResourceWaiting', second),
      seen('Running'),
      seen('Success'),
    ];
    const gateway = await clientOf(answers);
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    await followExecution(gateway, AT, 'e', { onLine: () => undefined, onStatus: say, onWait: say, timeoutMs: 60_000 });
    server.closeAllConnections();
    expect(said).toEqual([
      'Running',
      'ResourceWaiting',
      'Apply waits: run 1 holds it',
      'Apply waits: run 2 holds it',
      'Running',
      'Success',
    ]);
  });
});
