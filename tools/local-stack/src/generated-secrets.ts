import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@sluice/kernel';
import { SERVICE_NAMES } from '@sluice/service-identity';
import type { DataFolder } from './data-folder.js';

/** Databases of the platform cluster, one per service that owns tables; the role has the database's name. */
export const PLATFORM_DATABASES = ['ng_manager', 'pipeline', 'dbdevops', 'delegate_service'] as const;
export type PlatformDatabase = (typeof PLATFORM_DATABASES)[number];

/** What was made up at the first start. Nothing in here is ever a constant. */
export interface GeneratedSecrets {
  readonly accountId: string;
  /** `pat.<account>.<id>.<secret>` of the account's administrator. */
  readonly apiKey: string;
  readonly apiKeyFile: string;
  readonly delegateToken: string;
  readonly delegateTokenFile: string;
  /** 32 bytes, base64: wraps the data keys of the accounts. */
  readonly keyEncryptionKeyFile: string;
  readonly redisPassword: string;
  readonly platformSuperuserPassword: string;
  readonly platformPasswords: Readonly<Record<PlatformDatabase, string>>;
  readonly customerSuperuserPassword: string;
  readonly customerPassword: string;
  readonly customerPasswordFile: string;
  /** Of who may push to the Git server: what is in a repository runs on databases. */
  readonly gitPassword: string;
  readonly gitPasswordFile: string;
}

/** Reads what the first start generated, generating what is missing. Every file is 0600. */
export function ensureSecrets(folder: DataFolder): GeneratedSecrets {
  const fileOf = (name: string): string => join(folder.secrets, name);
  const keep = (name: string, make: () => string): string => {
    const file = fileOf(name);
    if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
    return readFileSync(file, 'utf8').trim();
  };
  for (const service of SERVICE_NAMES) ensureKeyPair(folder.keys, service);
  const accountId = keep('account-id', newId);
  keep('key-encryption-key', () => randomBytes(32).toString('base64'));
  return {
    accountId,
    apiKey: keep('api-key', () => makeApiKey(accountId)),
    apiKeyFile: fileOf('api-key'),
    delegateToken: keep('delegate-token', makeDelegateToken),
    delegateTokenFile: fileOf('delegate-token'),
    keyEncryptionKeyFile: fileOf('key-encryption-key'),
    redisPassword: keep('redis-password', makePassword),
    platformSuperuserPassword: keep('platform-database-superuser', makePassword),
    platformPasswords: Object.fromEntries(
      PLATFORM_DATABASES.map((name) => [name, keep(`platform-database-${name}`, makePassword)]),
    ) as Record<PlatformDatabase, string>,
    customerSuperuserPassword: keep('customer-database-superuser', makePassword),
    customerPassword: keep('customer-database-orders_app', makePassword),
    customerPasswordFile: fileOf('customer-database-orders_app'),
    gitPassword: keep('git-password', makePassword),
    gitPasswordFile: fileOf('git-password'),
  };
}

/** A personal access token of an account, in the form the public API documents. */
export function makeApiKey(accountId: string): string {
  return `pat.${accountId}.${newId()}.${makePassword()}`;
}

/** `<token id>.<secret>`: the id is in the clear, so that the service finds the one hash to compare with. */
function makeDelegateToken(): string {
  return `${newId()}.${makePassword()}`;
}

/** 192 random bits, safe in URLs, files and connection strings. */
function makePassword(): string {
  return randomBytes(24).toString('base64url');
}

function ensureKeyPair(keysDir: string, service: string): void {
  const privateFile = join(keysDir, `${service}.key`);
  const publicFile = join(keysDir, `${service}.pub`);
  if (existsSync(privateFile) && existsSync(publicFile)) return;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o600 });
}
