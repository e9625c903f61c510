import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoleGrant } from '@sluice/kernel';
import { SERVICE_NAMES, ServiceIdentity, type CallIdentity, type ServiceName } from '@sluice/service-identity';

/** Keys of every service in a temporary folder, and tokens signed with them. */
export interface TestIdentities {
  /** For `SERVICE_KEYS_DIR`. */
  readonly keysDir: string;
  /** For `<APP>_SERVICE_KEY_FILE`. */
  keyFile(service: ServiceName): string;
  /** The identity a service signs and verifies with. */
  of(service: ServiceName): Promise<ServiceIdentity>;
  /** Request headers with which `caller` (the gateway when absent) calls `target` on behalf of `who`. */
  headers(target: ServiceName, who: CallIdentity, caller?: ServiceName): Promise<Record<string, string>>;
  /** Removes the folder. */
  stop(): void;
}

/** Makes a key pair per service; synchronous and fast (milliseconds). */
export function testIdentities(): TestIdentities {
  const keysDir = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  const keyFile = (service: ServiceName): string => join(keysDir, `${service}.key`);
  for (const service of SERVICE_NAMES) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(keyFile(service), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(join(keysDir, `${service}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const loaded = new Map<ServiceName, Promise<ServiceIdentity>>();
  const of = (service: ServiceName): Promise<ServiceIdentity> => {
    const identity = loaded.get(service) ?? ServiceIdentity.load({ service, keyFile: keyFile(service), keysDir });
    loaded.set(service, identity);
    return identity;
  };
  return {
    keysDir,
    keyFile,
    of,
    headers: async (target, who, caller = 'gateway') => {
      const token = await (await of(caller)).tokenFor(target, who);
      return { authorization: `Bearer ${token}`, 'x-sluice-caller': caller };
    },
    stop: () => rmSync(keysDir, { recursive: true, force: true }),
  };
}

/** A signed-in user for {@link TestIdentities.headers}; account administrator unless other grants are given. */
export function testUser(accountId: string, grants: readonly RoleGrant[] = [{ role: 'account_admin' }]): CallIdentity {
  return {
    accountId,
    principal: {
      type: 'user',
      id: `user-of-${accountId}`,
      name: 'Test User',
      email: `test@${accountId.toLowerCase()}.example`,
    },
    grants,
  };
}
