import { newUuid } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { parseConfig } from '../config.js';
import { openDatabase } from '../database.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { KeyRotation } from './key-rotation.js';
import { openKeyProvider } from './open-key-provider.js';

const CONNECTIONS = 2;

/**
 * Wraps the data keys of every account with the current key-encryption key; run by an operator with the service's own environment, beside running
 * replicas. Prints one JSON line per account that changed and one for the whole. Answers the exit code: 0 when every data key is under the current key.
 * @throws Error when configuration, keys or database are not usable, or when it is interrupted; what was done stays done
 */
export async function rotateInstallation(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<number> {
  const config = parseConfig(env);
  const log = createLogger('ng-manager', env['LOG_LEVEL'] ?? 'warn');
  const keys = await openKeyProvider(config, log);
  try {
    const dataSource = await openDatabase(config.databaseUrl, CONNECTIONS);
    try {
      const actor = {
        principal: { type: 'service', id: 'ng-manager', name: 'rotate-keys' },
        correlationId: newUuid(),
      } as const;
      const result = await new KeyRotation(new UnitOfWork(dataSource), keys).rotateInstallation(
        actor,
        signal,
        (accountId, { currentKeyId, rewrapped }) => {
          if (rewrapped > 0) print(JSON.stringify({ accountId, rewrapped, keyId: currentKeyId }));
        },
      );
      print(JSON.stringify(result));
      return result.failures.length === 0 ? 0 : 1;
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await keys.close();
  }
}
