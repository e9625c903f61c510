import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DELEGATE_ADMIN_SERVICE, type DelegateAdminMethods } from '@sluice/delegate-rpc';
import { ServiceClient, ServiceServer } from '@sluice/grpc';
import { AppError } from '@sluice/kernel';
import { Tracing, createLogger } from '@sluice/telemetry';
import { testIdentities, testPodAuthority, testUser } from '@sluice/testing';

describe('calls between services over gRPC with a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rpc-tls-'));
  const identities = testIdentities();
  const log = createLogger('delegate-service', 'silent');
  let server: ServiceServer;
  let port: number;
  let ca: string;
  beforeAll(async () => {
    const files = await (await testPodAuthority(folder)).issue('localhost');
    ca = readFileSync(files.ca, 'utf8');
    const security = {
      kind: 'tls',
      cert: readFileSync(files.cert, 'utf8'),
      key: readFileSync(files.key, 'utf8'),
    } as const;
    server = new ServiceServer({
      identity: await identities.of('delegate-service'),
      tracing: Tracing.create('delegate-service'),
      log,
      security,
    });
    const none = async (): Promise<never> => {
      throw new AppError('INVALID_REQUEST', 'not asked here');
    };
    server.add<DelegateAdminMethods>(DELEGATE_ADMIN_SERVICE, ['ng-manager'], {
      PutToken: none,
      RevokeToken: none,
      DeleteToken: none,
      ListTokens: async () => ({ tokens: [] }),
      ListDelegates: none,
      ListDeadLetters: none,
      RedriveDeadLetter: none,
      ClaimSecurityEvents: none,
      AcknowledgeSecurityEvents: none,
    });
    port = await server.listen('127.0.0.1', 0);
  });
  afterAll(async () => {
    await server.close();
    identities.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (address: string, authority?: string): Promise<unknown> => {
    const client = new ServiceClient<DelegateAdminMethods>({
      service: DELEGATE_ADMIN_SERVICE,
      address,
      ca: authority,
      target: 'delegate-service',
      identity: await identities.of('ng-manager'),
    });
    return client
      .unary(
        testUser('ACC'),
        'ListTokens',
        { scope: { accountId: 'ACC', orgId: '', projectId: '' }, name: '', status: '' },
        { timeoutMs: 60_000 },
      )
      .finally(() => client.close());
  };

  it('are answered to who speaks TLS and knows the authority, and to no other', async () => {
    expect(await ask(`https://127.0.0.1:${port}`, ca)).toEqual({ tokens: [] });
    await expect(ask(`https://127.0.0.1:${port}`)).rejects.toBeInstanceOf(AppError);
    await expect(ask(`127.0.0.1:${port}`)).rejects.toBeInstanceOf(AppError);
  });

  it('are taken beyond loopback with TLS only', async () => {
    const plain = new ServiceServer({
      identity: await identities.of('delegate-service'),
      tracing: Tracing.create('delegate-service'),
      log,
    });
    await expect(plain.listen('0.0.0.0', 0)).rejects.toThrow(/in clear/);
    await plain.close();
  });
});
