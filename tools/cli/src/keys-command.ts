import { z } from 'zod';
import type { GatewayClient } from './gateway-client.js';
import { CONNECTION_OPTIONS, connectionFlags, parseOptions, UsageError, type ConnectionFlags } from './usage.js';

export interface KeysCommand {
  readonly action: 'show' | 'rotate';
  readonly connection: ConnectionFlags;
}

/** `keys show` or `keys rotate`, with the options that say where Sluice is. @throws UsageError */
export function parseKeysCommand(args: readonly string[]): KeysCommand {
  const { values, positionals } = parseOptions(args, CONNECTION_OPTIONS, true);
  const [action, ...more] = positionals;
  if ((action !== 'show' && action !== 'rotate') || more.length > 0)
    throw new UsageError(
      `keys ${positionals.join(' ')}`.trimEnd() + ' is not a command; write keys show or keys rotate',
    );
  return { action, connection: connectionFlags(values) };
}

const shown = z.object({
  data: z.object({
    currentKeyId: z.string(),
    dataKeys: z.array(z.object({ version: z.number(), keyId: z.string(), isCurrent: z.boolean() })),
  }),
});
const rotated = z.object({
  data: z.object({ currentKeyId: z.string(), rewrapped: z.number(), unchanged: z.number() }),
});

/** Shows or rotates what wraps the data keys of the account the API key belongs to. @throws GatewayError */
export async function runKeysCommand(
  gateway: GatewayClient,
  action: KeysCommand['action'],
  print: (line: string) => void,
): Promise<void> {
  const query = { accountIdentifier: gateway.accountId };
  if (action === 'rotate') {
    const { currentKeyId, rewrapped, unchanged } = rotated.parse(
      await gateway.call('POST', '/ng/api/encryption-keys/rotate', { query }),
    ).data;
    return print(
      `account ${gateway.accountId}: ${rewrapped} data key(s) wrapped anew, ${unchanged} were under ${currentKeyId} already`,
    );
  }
  const { currentKeyId, dataKeys } = shown.parse(await gateway.call('GET', '/ng/api/encryption-keys', { query })).data;
  print(`current key-encryption key: ${currentKeyId}`);
  for (const { version, keyId, isCurrent } of dataKeys)
    print(
      `data key ${version} of account ${gateway.accountId}: wrapped by ${keyId}${isCurrent ? '' : ' (not current; run keys rotate)'}`,
    );
}
