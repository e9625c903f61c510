import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { accountOf, GatewayClient, GatewayError } from './gateway-client.js';

describe('gateway client', () => {
  let server: Server;
  let url: string;
  const requests: IncomingMessage[] = [];
  let answer: { status: number; body: string } = { status: 200, body: '{}' };

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request);
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => new Promise((done) => server.close(done)));
  const client = (): GatewayClient => new GatewayClient({ url: `${url}/gateway/`, apiKey: 'pat.account.id.secret' });

  it('asks below /gateway with the key, in one trace', async () => {
    const gateway = client();
    await gateway.call('GET', '/ng/api/x', { query: { a: 1, b: undefined } });
    await gateway.call('GET', '/ng/api/y');
    const [first, second] = requests.slice(-2);
    expect(first?.url).toBe('/gateway/ng/api/x?a=1');
    expect(first?.headers['x-api-key']).toBe('pat.account.id.secret');
    for (const request of [first, second])
      expect(String(request?.headers['traceparent'])).toMatch(new RegExp(`^00-${gateway.traceId}-[0-9a-f]{16}-01$`));
  });

  it.each([
    [
      400,
      '{"message":"name is required","code":"INVALID_REQUEST","correlationId":"c-1"}',
      /^name is required \(correlation id c-1\)$/,
    ],
    [404, '{"error_msg":"no such stream"}', /^no such stream$/],
    [502, '<html>bad gateway</html>', 'POST /x was refused: 502 Bad Gateway'],
  ])('turns %s %s into a sentence', async (status, body, message) => {
    answer = { status, body };
    await expect(client().call('POST', '/x')).rejects.toThrow(message);
    answer = { status: 200, body: '{}' };
  });

  it('says that Sluice does not answer', async () => {
    const nobody = new GatewayClient({ url: 'http://127.0.0.1:1', apiKey: 'pat.account.id.secret' });
    await expect(nobody.call('GET', '/x')).rejects.toThrow(
      /Sluice does not answer at http:\/\/127\.0\.0\.1:1 \(.*\); is it running\?/,
    );
  });

  it.each(['', 'abc', 'pat.account', 'pat..id.secret', 'tok.account.id.secret'])('refuses the key "%s"', (key) => {
    expect(() => accountOf(key)).toThrow(GatewayError);
  });
});
