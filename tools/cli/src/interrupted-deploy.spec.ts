import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from '@sluice/kernel';
import { EXIT, main } from './main.js';

const EXECUTE = 'POST /pipeline/api/pipeline/execute/';
const DETAIL = 'GET /pipeline/api/pipelines/execution/v2/E1';
const ABORT = 'PUT /pipeline/api/pipeline/execute/interrupt/E1';

/** A gateway that keeps some requests waiting until they are let go. */
class HoldingGateway {
  readonly requests: string[] = [];
  readonly held: (() => void)[] = [];
  private readonly server: Server = createServer((request, response) => {
    const asked = `${request.method ?? ''} ${(request.url ?? '').replace('/gateway', '').replace(/\?.*/, '')}`;
    this.requests.push(asked);
    request.resume();
    if (this.holds.some((one) => asked.startsWith(one))) this.held.push(() => this.answer(asked, response));
    else this.answer(asked, response);
  });

  constructor(private readonly holds: readonly string[]) {}

  start(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private answer(asked: string, response: ServerResponse): void {
    const status = this.requests.includes(ABORT) ? 'Aborted' : 'Running';
    const [code, data] = asked.startsWith(EXECUTE)
      ? [200, { planExecution: { uuid: 'E1' } }]
      : asked === DETAIL
        ? [200, { pipelineExecutionSummary: { pipelineIdentifier: 'p', status } }]
        : asked.endsWith('/changelog-preview')
          ? [501, {}]
          : asked.startsWith('GET ')
            ? [404, {}]
            : [200, {}];
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
  }
}

describe('deploy, interrupted', () => {
  let gateway: HoldingGateway | undefined;
  let first: AbortController;
  let second: AbortController;
  let lines: string[];
  beforeEach(() => {
    [first, second, lines] = [new AbortController(), new AbortController(), []];
  });
  afterEach(() => gateway?.stop());

  async function deploy(
    ...holds: string[]
  ): Promise<{ readonly gateway: HoldingGateway; readonly code: Promise<number> }> {
    gateway = new HoldingGateway(holds);
    await gateway.start();
    const args = [
      'deploy',
      '--repo',
      'https://git.example.com/orders.git',
      '--changelog',
      'a.xml',
      '--url',
      'jdbc:postgresql://db/orders',
      '--username',
      'app',
      '--password-env',
      'DB',
      '--name',
      'orders',
    ];
    const env = { SLUICE_URL: gateway.url, SLUICE_API_KEY: 'pat.ACC.id.secret', DB: 'secret-word' };
    // A command that was left may still say something while the next test runs.
    const said = lines;
    const say = (line: string): void => void said.push(line);
    return {
      gateway,
      code: main({
        args,
        env,
        print: say,
        complain: say,
        signal: first.signal,
        leave: second.signal,
        defaultDataDir: '/nonexistent',
      }),
    };
  }
  const interrupt = (controller: AbortController): void => controller.abort(new Error('interrupted'));

  it.each([
    [
      'while it is prepared',
      ['POST /ng/api/'],
      'ending',
      'no execution was started; what was made for it by then stays in project deployments of organization default',
    ],
    [
      'while its execution is asked for',
      [EXECUTE],
      'ending',
      'may have been started and goes on then; find it with: npm run sluice -- runs',
    ],
    [
      'while its execution runs',
      [DETAIL, ABORT],
      'execution E1 is being aborted',
      'the end of execution E1 was not seen; look at it with: npm run sluice -- watch E1; end it with: npm run sluice -- abort E1',
    ],
  ])('and once more %s, is left at once and says what is left behind', async (_when, holds, ending, remains) => {
    const {
      gateway: { held },
      code,
    } = await deploy(...holds);
    await waitFor(() => held.length > 0, { timeoutMs: 60_000, what: 'the request that is not answered' });
    interrupt(first);
    expect(lines.at(-1)).toBe(`interrupted: ${ending}; Ctrl-C again leaves at once`);
    interrupt(second);
    expect(await code).toBe(EXIT.aborted);
    expect(lines.at(-1)).toContain(`left at once: `);
    expect(lines.at(-1)).toContain(remains);
  });

  it('while its execution is asked for, aborts the execution that comes of it', async () => {
    const {
      gateway: { held, requests },
      code,
    } = await deploy(EXECUTE);
    await waitFor(() => held.length > 0, { timeoutMs: 60_000, what: 'the request for the execution' });
    interrupt(first);
    for (const answer of held) answer();
    expect(await code).toBe(EXIT.aborted);
    expect(requests).toContain(ABORT);
    expect(lines.at(-1)).toBe('interrupted: execution E1 ended Aborted');
  });
});
