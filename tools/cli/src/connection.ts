import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { GatewayConnection } from './gateway-client.js';
import { UsageError, valueOfVariable } from './usage.js';

/** What a running local stack leaves in its data folder. */
const localConnection = z.object({
  url: z.string(),
  accountId: z.string(),
  apiKeyFile: z.string(),
  /** The stack's Git server: bare repositories `<folder>/<name>.git`, read at `<url>/<name>.git`. */
  git: z.object({ url: z.string(), folder: z.string() }).optional(),
});
export type LocalConnection = z.output<typeof localConnection>;

export interface ConnectionOptions {
  readonly server: string | undefined;
  readonly apiKeyVariable: string | undefined;
  readonly dataDir: string;
}

/** Flags first, then SLUICE_URL and SLUICE_API_KEY, then the local stack. @throws UsageError naming what is missing */
export function findConnection(
  options: ConnectionOptions,
  env: Readonly<Record<string, string | undefined>>,
): GatewayConnection {
  if (options.apiKeyVariable) valueOfVariable('--api-key-env', options.apiKeyVariable, env);
  const local = readLocal(options.dataDir);
  const url = options.server ?? env['SLUICE_URL'] ?? local?.url;
  if (!url) {
    throw new UsageError(
      `no Sluice runs in ${resolve(options.dataDir)}; start one with npm start, or name another with --server and SLUICE_API_KEY`,
    );
  }
  if (!isHttpUrl(url))
    throw new UsageError(
      `${options.server === undefined ? 'SLUICE_URL' : '--server'} takes an http or https URL such as http://127.0.0.1:8080, not "${url}"`,
    );
  // The local key belongs to the local stack: it is never sent to another server.
  const apiKey =
    env[options.apiKeyVariable ?? 'SLUICE_API_KEY'] ??
    (local && url === local.url ? readFileSync(local.apiKeyFile, 'utf8').trim() : undefined);
  if (!apiKey)
    throw new UsageError(
      `there is no API key for ${url}; put it into SLUICE_API_KEY, or name another variable with --api-key-env`,
    );
  return { url, apiKey };
}

function isHttpUrl(text: string): boolean {
  return /^https?:/i.test(text) && URL.canParse(text);
}

/** The local stack that runs on a data folder, or undefined. */
export function readLocal(dataDir: string): LocalConnection | undefined {
  const file = join(dataDir, 'connection.json');
  return existsSync(file) ? localConnection.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}
