import { z } from 'zod';
import type { GatewayClient } from './gateway-client.js';
import { CONNECTION_OPTIONS, connectionFlags, parseOptions, UsageError, type ConnectionFlags } from './usage.js';

export interface AuditCommand {
  /** A place of the chain written down earlier, `position:hash`. */
  readonly known: string | undefined;
  readonly connection: ConnectionFlags;
}

/** `audit verify`, with the options that say where Sluice is. @throws UsageError */
export function parseAuditCommand(args: readonly string[]): AuditCommand {
  const { values, positionals } = parseOptions(
    args,
    { ...CONNECTION_OPTIONS, known: { type: 'string' } } as const,
    true,
  );
  if (positionals.join(' ') !== 'verify')
    throw new UsageError(`audit ${positionals.join(' ')}`.trimEnd() + ' is not a command; write audit verify');
  const { known } = values;
  if (known !== undefined && !/^\d{1,15}:[0-9a-f]{64}$/.test(known))
    throw new UsageError(`--known takes position:hash as audit verify prints it, not "${known}"`);
  return { known, connection: connectionFlags(values) };
}

const verdict = z.object({
  data: z.object({
    ok: z.boolean(),
    checked: z.number(),
    checkedTo: z.number(),
    isComplete: z.boolean(),
    head: z.object({ position: z.number(), hash: z.string() }),
    brokenAt: z.number().optional(),
    reason: z.string().optional(),
  }),
});

/**
 * Reads the whole audit trail of the account the API key belongs to, piece by piece.
 * @param known must still be in the chain @returns whether nobody touched it @throws GatewayError
 */
export async function verifyAuditTrail(
  gateway: GatewayClient,
  known: string | undefined,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  let checked = 0;
  for (let fromPosition = 1; ;) {
    const query = { accountIdentifier: gateway.accountId, fromPosition, known: fromPosition === 1 ? known : undefined };
    const part = verdict.parse(await gateway.call('GET', '/ng/api/audits/verify', { query, signal })).data;
    checked += part.checked;
    if (!part.ok) {
      print(
        `account ${gateway.accountId}: BROKEN at event ${part.brokenAt ?? part.checkedTo + 1}: ${part.reason ?? 'it does not fit'} (${checked} event(s) before it are whole)`,
      );
      return false;
    }
    if (part.isComplete) {
      print(`account ${gateway.accountId}: ${checked} event(s), nothing changed or removed`);
      if (part.head.position > 0)
        print(`keep this place somewhere else and give it next time: --known ${part.head.position}:${part.head.hash}`);
      return true;
    }
    fromPosition = part.checkedTo + 1;
  }
}
