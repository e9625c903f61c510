import { formatDelegateToken, parseDelegateToken } from '@sluice/delegate-protocol';
import { AppError, accountScope, backoffMs, messageOf, newId, pause } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { hashSecret, parseApiKey } from '../access/api-key-text.js';
import { addBuiltInConnectors } from '../connector/built-in-connectors.js';
import type { DelegateTokenValues } from '../delegate/delegate-token-values.js';
import { ownContext, rpcScope, type DelegateServiceClient } from '../delegate/delegate-service-client.js';
import type { Stores, UnitOfWork } from '../persistence/unit-of-work.js';
import { readBootstrapFile, type BootstrapFile } from './bootstrap-file.js';

const API_KEY = 'bootstrap';

const NOTHING: BootstrapFile = { accounts: [], delegateTokens: [] };

/**
 * What the bootstrap file names, or nothing once the file was removed.
 * @throws Error when the file is missing and there is no account yet: nobody could sign in
 */
export async function seedsFrom(path: string | undefined, unitOfWork: UnitOfWork, log: Logger): Promise<BootstrapFile> {
  if (path === undefined) return NOTHING;
  const [seeds, hasAccounts] = await Promise.all([readBootstrapFile(path), unitOfWork.read.accounts.isAny()]);
  if (seeds && hasAccounts)
    log.info(
      { file: path },
      'the bootstrap file holds keys and was needed for the first start only; remove it unless you add to it',
    );
  if (seeds ?? hasAccounts) return seeds ?? NOTHING;
  throw new Error(
    `bootstrap file ${path} does not exist and no account does: write the file (its shape is in the README of ng-manager) or correct NG_MANAGER_BOOTSTRAP_FILE`,
  );
}

/**
 * Creates what the bootstrap file names and is missing; what is there stays as it is, also when a person changed it meanwhile.
 * @throws Error when an apiKey has another form than `pat.<account>.<id>.<secret>` of its own account
 */
export async function seedAccounts(unitOfWork: UnitOfWork, { accounts }: BootstrapFile): Promise<void> {
  for (const account of accounts) {
    await unitOfWork.run(async (stores) => {
      const isNew = (await stores.accounts.find(account.identifier)) === null;
      await stores.accounts.ensure(account.identifier, account.name);
      if (isNew)
        await stores.audit.append(ownContext(account.identifier), {
          action: 'create',
          resourceType: 'account',
          identifier: account.identifier,
          scope: accountScope(account.identifier),
          after: { name: account.name },
        });
      await stores.userGroups.ensureAllUsers(account.identifier);
      await addBuiltInConnectors(stores, accountScope(account.identifier));
      for (const user of account.users) await seedUser(stores, account.identifier, user);
    });
  }
}

async function seedUser(
  stores: Stores,
  accountId: string,
  { email, name, role, apiKey }: BootstrapFile['accounts'][number]['users'][number],
): Promise<void> {
  const parts = parseApiKey(apiKey);
  if (parts?.accountId !== accountId)
    throw new Error(`the apiKey of ${email} in the bootstrap file is not of the form pat.${accountId}.<id>.<secret>`);
  const known = await stores.users.findByEmail(accountId, email);
  const userId = known?.id ?? newId();
  if (!known) {
    await stores.users.insert({ accountId, id: userId, email, name });
    await stores.roleBindings.ensure(accountScope(accountId), { userId }, role);
    await stores.audit.append(ownContext(accountId), {
      action: 'create',
      resourceType: 'user',
      identifier: userId,
      scope: accountScope(accountId),
      after: { email, name, role },
      details: { keyId: parts.tokenId },
    });
  }
  const owner = { accountId, userId };
  await stores.apiKeys.ensureKey({
    ...owner,
    identifier: API_KEY,
    name: 'Bootstrap',
    description: null,
    tags: {},
    orgId: null,
    projectId: null,
    defaultTimeToExpireMs: null,
  });
  await stores.apiKeys.ensureToken({
    ...owner,
    id: parts.tokenId,
    apiKeyIdentifier: API_KEY,
    identifier: parts.tokenId,
    name: 'Bootstrap',
    description: null,
    tags: {},
    secretHash: hashSecret(parts.secret),
    status: 'active',
    isSuperseded: false,
    validFrom: new Date(0),
    validTo: null,
    scheduledExpireAt: null,
    orgId: null,
    projectId: null,
  });
}

/** Hands the delegate tokens to the delegate service, which may start later than this service, and keeps their values: retries until done, refused or stopped. */
export async function seedDelegateTokens(
  delegates: DelegateServiceClient,
  values: DelegateTokenValues,
  { delegateTokens }: BootstrapFile,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (const { account, name, value } of delegateTokens) {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const request = {
          scope: rpcScope(accountScope(account)),
          name,
          value,
          revokeAfterMs: 0,
          createdBy: 'bootstrap',
        };
        const { id, status } = await delegates.admin.unary({ ...ownContext(account), signal }, 'PutToken', request, {
          timeoutMs: 5_000,
        });
        const token = parseDelegateToken(value);
        if (token && status === 'ACTIVE') await values.keep(account, id, formatDelegateToken(token));
        break;
      } catch (cause) {
        if (signal.aborted) return;
        if (cause instanceof AppError && !cause.isRetryable) {
          log.error({ account, name, error: cause.message }, 'delegate token of the bootstrap file is refused');
          break;
        }
        if (attempt === 0)
          log.info({ account, name, error: messageOf(cause) }, 'delegate token is not stored yet; retrying');
        await pause(backoffMs(attempt, { baseMs: 100, maxMs: 2_000 }), signal).catch(() => undefined);
      }
    }
  }
}
