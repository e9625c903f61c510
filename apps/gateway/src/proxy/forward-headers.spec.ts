import { describe, expect, it } from '@jest/globals';
import { requestHeaders, responseHeaders, type GatewaySays } from './forward-headers.js';

const says: GatewaySays = {
  authorization: 'Bearer ours',
  requestId: 'r',
  traceparent: 't',
  clientAddress: '203.0.113.5',
  host: 'sluice.example',
  protocol: 'https',
  ownProof: undefined,
};

describe('headers on their way through the gateway', () => {
  it.each([
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authorization',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'host',
    'expect',
    'x-api-key',
    'cookie',
    'forwarded',
    'x-real-ip',
    'x-harness-token',
    'x-sluice-errors',
    'x-sluice-anything',
    'x-forwarded-server',
    'x-forwarded-port',
  ])('%s of a client goes no further', (name) => {
    expect(requestHeaders({ [name]: 'client', accept: 'x' }, says)[name]).not.toBe('client');
  });

  it.each([
    'authorization',
    'x-request-id',
    'traceparent',
    'x-sluice-caller',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
  ])('%s is what the gateway says, whatever the client says', (name) => {
    const expected: Record<string, string> = {
      authorization: 'Bearer ours',
      'x-request-id': 'r',
      traceparent: 't',
      'x-sluice-caller': 'gateway',
      'x-forwarded-for': '203.0.113.5',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'sluice.example',
    };
    expect(requestHeaders({ [name]: 'client' }, says)[name]).toBe(expected[name]);
  });

  it('everything else passes, also what a later client will need', () => {
    const client = {
      accept: 'text/event-stream',
      'content-type': 'application/yaml',
      'if-match': '7',
      'last-event-id': '12',
      'load-from-cache': 'true',
      'harness-account': 'ACC',
      'content-length': '5',
      'x-checksum-sha256': 'ab',
    };
    expect(requestHeaders(client, says)).toMatchObject(client);
  });

  it('without a session nothing of the client stands in for the token', () => {
    const headers = requestHeaders(
      { authorization: 'Bearer client', 'x-harness-token': 'client' },
      { ...says, authorization: undefined, ownProof: { header: 'x-harness-token', value: 'pod' } },
    );
    expect([headers['authorization'], headers['x-harness-token']]).toEqual([undefined, 'pod']);
  });

  it('answers lose what belongs to the connection, and are kept by no cache unless the upstream says so', () => {
    expect(
      responseHeaders(
        {
          'content-type': 'a',
          connection: 'x-own',
          'x-own': '1',
          'transfer-encoding': 'chunked',
          'set-cookie': ['a'],
          server: 's',
          'x-page-size': '3',
        },
        'r',
      ),
    ).toEqual({
      'content-type': 'a',
      'x-page-size': '3',
      'x-request-id': 'r',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(responseHeaders({ 'cache-control': 'private, max-age=5' }, 'r')['cache-control']).toBe('private, max-age=5');
  });
});
