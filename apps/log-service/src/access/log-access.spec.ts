import { describe, expect, it } from '@jest/globals';
import type { RoleGrant } from '@sluice/kernel';
import type { LogTokenClaims } from '@sluice/log-api';
import type { ServiceName } from '@sluice/service-identity';
import { assertMayWrite, mayRead, ownerFor, scopeOfWriter, type LogCaller } from './log-access.js';

const KEY = 'ACC/pipeline/deploy/1/-EX/stage/step';
const SHOP = { orgId: 'default', projectId: 'shop' };

const user = (grants: readonly RoleGrant[], accountId = 'ACC', service: ServiceName = 'gateway'): LogCaller => ({
  kind: 'service',
  service,
  identity: { accountId, principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@acc.example' }, grants },
});
const token = (claims: Partial<LogTokenClaims> = {}): LogCaller => ({
  kind: 'token',
  claims: { kind: 'log', accountId: 'ACC', keyPrefix: 'ACC/pipeline/deploy/1/-EX/stage', rights: ['write'], ...claims },
});

describe('rights to a log', () => {
  it.each<[string, LogCaller, { orgId?: string; projectId?: string }, boolean]>([
    ['an account viewer, a log of any project', user([{ role: 'viewer' }]), SHOP, true],
    ['an account viewer, a log without scope', user([{ role: 'viewer' }]), {}, true],
    ['an org viewer, a log of a project inside', user([{ role: 'viewer', orgId: 'default' }]), SHOP, true],
    ['a project viewer, a log of the project', user([{ role: 'viewer', ...SHOP }]), SHOP, true],
    [
      'a project viewer, a log of another project',
      user([{ role: 'viewer', orgId: 'default', projectId: 'other' }]),
      SHOP,
      false,
    ],
    ['a project viewer, a log without scope', user([{ role: 'viewer', ...SHOP }]), {}, false],
    ['nobody in particular', user([]), SHOP, false],
    ['an administrator of another account', user([{ role: 'account_admin' }], 'OTHER'), SHOP, false],
    ['the pipeline service without grants', user([], 'ACC', 'pipeline'), SHOP, false],
    ['the pipeline service on behalf of a viewer', user([{ role: 'viewer' }], 'ACC', 'pipeline'), SHOP, true],
    ['the pipeline service for another account', user([], 'OTHER', 'pipeline'), SHOP, false],
    ['a token to write', token(), SHOP, false],
    ['a token to read', token({ rights: ['read'] }), SHOP, true],
    ['a token to read elsewhere', token({ rights: ['read'], keyPrefix: 'ACC/pipeline/deploy/12' }), SHOP, false],
    ['a token to read of another account', token({ rights: ['read'], accountId: 'OTHER' }), SHOP, false],
  ])('%s: reading is decided by account, scope and prefix', (_, caller, scope, expected) => {
    expect(mayRead(caller, KEY, scope)).toBe(expected);
  });

  it.each<[string, LogCaller, string, boolean]>([
    ['a token below its prefix', token(), KEY, true],
    ['a token at its prefix', token(), 'ACC/pipeline/deploy/1/-EX/stage', true],
    ['a token beside its prefix', token(), 'ACC/pipeline/deploy/1/-EX/stage2/step', false],
    ['a token above its prefix', token(), 'ACC/pipeline/deploy/1/-EX', false],
    ['a token to read', token({ rights: ['read'] }), KEY, false],
    ['a user, whatever the role', user([{ role: 'account_admin' }]), KEY, false],
    ['the pipeline service', user([{ role: 'account_admin' }], 'ACC', 'pipeline'), KEY, false],
  ])('%s: writing takes a token for the place', (_, caller, key, expected) => {
    const attempt = () => assertMayWrite(caller, key);
    if (expected) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(expect.objectContaining({ code: 'ACCESS_DENIED' }));
  });

  it.each<[string, string, boolean]>([
    ['a key that begins with the account', KEY, true],
    [
      'a key in the standard layout',
      'accountId:ACC/orgId:default/projectId:shop/pipelineId:deploy/runSequence:1/level0:pipeline',
      true,
    ],
    ['a key of another account', KEY.replace('ACC', 'OTHER'), false],
    [
      'a standard key of another account',
      'accountId:OTHER/orgId:default/projectId:shop/pipelineId:deploy/runSequence:1/level0:pipeline',
      false,
    ],
  ])('of a token for a whole account reach %s', (_, key, expected) => {
    const whole = token({ keyPrefix: 'ACC', rights: ['read', 'write'] });
    expect(mayRead(whole, key, {})).toBe(expected);
    if (expected) expect(() => assertMayWrite(whole, key)).not.toThrow();
    else expect(() => assertMayWrite(whole, key)).toThrow(expect.objectContaining({ code: 'ACCESS_DENIED' }));
  });

  it('follow the account of the key, not the one of the query', () => {
    expect(ownerFor(token(), KEY, 'ACC').accountId).toBe('ACC');
    expect(() => ownerFor(token(), KEY, 'OTHER')).toThrow(expect.objectContaining({ code: 'ACCESS_DENIED' }));
    expect(() => ownerFor(token({ accountId: 'OTHER' }), KEY, undefined)).toThrow(
      expect.objectContaining({ code: 'ACCESS_DENIED' }),
    );
    expect(() => ownerFor(token(), 'nonsense', undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it('are kept with a log from the token of its writer, unless the key names the project', () => {
    const owner = ownerFor(token(), KEY, undefined);
    expect(scopeOfWriter(token({ scope: SHOP }), owner)).toEqual(SHOP);
    expect(scopeOfWriter(token(), owner)).toEqual({});
    expect(scopeOfWriter(token({ scope: SHOP }), { ...owner, orgId: 'o', projectId: 'p' })).toEqual({
      orgId: 'o',
      projectId: 'p',
    });
  });
});
