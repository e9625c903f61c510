import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, decodeProtectedHeader } from 'jose';
import { ServiceIdentity, type CallIdentity, type ServiceName } from './service-identity.js';

const USER: CallIdentity = {
  accountId: 'ACC',
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@acc.example' },
  grants: [{ role: 'account_admin' }],
};
const CLAIMS = { ...USER };

describe('tokens of services', () => {
  const keysDir = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  const keys = new Map<ServiceName, KeyObject>();
  let pipeline: ServiceIdentity;
  let logService: ServiceIdentity;
  const made = (service: ServiceName): Promise<ServiceIdentity> => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    keys.set(service, privateKey);
    writeFileSync(join(keysDir, `${service}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
    writeFileSync(join(keysDir, `${service}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
    return ServiceIdentity.load({ service, keyFile: join(keysDir, `${service}.key`), keysDir });
  };
  beforeAll(async () => {
    [pipeline, logService] = await Promise.all([made('pipeline'), made('log-service')]);
  });
  afterAll(() => rmSync(keysDir, { recursive: true, force: true }));

  /** A token with these claims, signed with the real key of pipeline, whatever the claims say. */
  const forged = async (claims: Record<string, unknown>, typ: string | undefined = 'call+jwt'): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', ...(typ ? { typ } : {}) })
      .setIssuer('pipeline')
      .setAudience('log-service')
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(keys.get('pipeline') ?? new Uint8Array());

  it('say in their header what they are for', async () => {
    expect(decodeProtectedHeader(await pipeline.tokenFor('log-service', USER)).typ).toBe('call+jwt');
    expect(decodeProtectedHeader(await pipeline.sign('log+jwt', 'log-service', {}, 60)).typ).toBe('log+jwt');
    expect(decodeProtectedHeader(await pipeline.sign('link+jwt', 'log-service', {}, 60)).typ).toBe('link+jwt');
  });

  it('are good for the purpose they were made for and for no other, whatever their claims', async () => {
    const call = await pipeline.tokenFor('log-service', USER);
    const log = await pipeline.sign('log+jwt', 'log-service', { ...CLAIMS }, 60);
    const link = await pipeline.sign('link+jwt', 'log-service', { ...CLAIMS }, 60);
    expect(await logService.verifyCall(call, ['pipeline'])).toMatchObject({
      caller: 'pipeline',
      accountId: 'ACC',
      principal: USER.principal,
    });
    expect((await logService.verify('log+jwt', log, ['pipeline'])).issuer).toBe('pipeline');
    for (const other of [log, link, await forged({ ...CLAIMS }, ''), await forged({ ...CLAIMS }, 'JWT')]) {
      await expect(logService.verifyCall(other, ['pipeline'])).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    }
    for (const other of [call, link])
      await expect(logService.verify('log+jwt', other, ['pipeline'])).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    for (const other of [call, log])
      await expect(logService.verify('link+jwt', other, ['pipeline'])).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  });

  it('of another purpose are refused as no proof, also when their issuer may not call', async () => {
    const own = await logService.sign('log+jwt', 'log-service', {}, 60);
    await expect(logService.verifyCall(own, ['gateway'])).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    await expect(
      logService.verifyCall(await pipeline.tokenFor('log-service', USER), ['gateway']),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['no account', { principal: CLAIMS.principal, grants: [] }],
    ['an account that is no text', { accountId: 7, principal: CLAIMS.principal, grants: [] }],
    ['no principal', { accountId: 'ACC', grants: [] }],
    ['a principal without id', { accountId: 'ACC', principal: { type: 'user', name: 'x', email: 'x' }, grants: [] }],
    [
      'a principal of an unknown type',
      { accountId: 'ACC', principal: { type: 'root', id: 'x', name: 'x', email: 'x' }, grants: [] },
    ],
    ['no grants', { accountId: 'ACC', principal: CLAIMS.principal }],
    ['grants that are no list', { accountId: 'ACC', principal: CLAIMS.principal, grants: 'account_admin' }],
    ['a role there is not', { accountId: 'ACC', principal: CLAIMS.principal, grants: [{ role: 'owner' }] }],
  ])('with %s are no call', async (_, claims) => {
    await expect(logService.verifyCall(await forged(claims), ['pipeline'])).rejects.toMatchObject({
      code: 'INVALID_TOKEN',
      message: expect.stringContaining('does not say who calls'),
    });
  });

  it('carry on whose behalf a service calls, also when that is the service itself', async () => {
    const itself = {
      accountId: '',
      principal: { type: 'service', id: 'pipeline', name: 'pipeline' },
      grants: [],
      origin: { clientAddress: '10.0.0.1', keyId: 'k' },
    } as const;
    expect(await logService.verifyCall(await pipeline.tokenFor('log-service', itself), ['pipeline'])).toEqual({
      caller: 'pipeline',
      ...itself,
    });
  });
});
