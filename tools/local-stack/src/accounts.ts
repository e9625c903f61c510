import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId, type RoleName } from '@sluice/kernel';
import type { DataFolder } from './data-folder.js';
import { makeApiKey, type GeneratedSecrets } from './generated-secrets.js';

/** An account as ng-manager creates it at start when it is missing (`NG_MANAGER_BOOTSTRAP_FILE`). */
export interface SeededAccount {
  readonly identifier: string;
  readonly name: string;
  readonly apiKey: string;
}

interface BootstrapFile {
  readonly accounts: readonly {
    readonly identifier: string;
    readonly name: string;
    readonly users: readonly {
      readonly email: string;
      readonly name: string;
      readonly role: RoleName;
      readonly apiKey: string;
    }[];
  }[];
  readonly delegateTokens: readonly { readonly account: string; readonly name: string; readonly value: string }[];
}

/** Writes the file ng-manager seeds itself from: the first account with its delegate token, and extra accounts for tenancy tests. */
export function makeAccounts(
  data: DataFolder,
  secrets: GeneratedSecrets,
  extraNames: readonly string[],
): { accounts: readonly SeededAccount[]; bootstrapFile: string } {
  const first: SeededAccount = { identifier: secrets.accountId, name: 'Local', apiKey: secrets.apiKey };
  const accounts = [first, ...extraNames.map((name) => keptAccount(data, name))];
  const bootstrap: BootstrapFile = {
    accounts: accounts.map(({ identifier, name, apiKey }) => ({
      identifier,
      name,
      users: [{ email: `admin@${name.toLowerCase()}.local`, name: 'Administrator', role: 'account_admin', apiKey }],
    })),
    delegateTokens: [{ account: first.identifier, name: 'default_token', value: secrets.delegateToken }],
  };
  const bootstrapFile = join(data.secrets, 'bootstrap.json');
  writeFileSync(bootstrapFile, JSON.stringify(bootstrap), { mode: 0o600 });
  return { accounts, bootstrapFile };
}

function keptAccount(data: DataFolder, name: string): SeededAccount {
  const file = join(data.secrets, `account-${name}.json`);
  if (!existsSync(file)) {
    const identifier = newId();
    writeFileSync(file, JSON.stringify({ identifier, name, apiKey: makeApiKey(identifier) }), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8')) as SeededAccount;
}
