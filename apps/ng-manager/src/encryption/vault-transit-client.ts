import { readFile } from 'node:fs/promises';
import { AppError, messageOf } from '@sluice/kernel';
import { Pool } from 'undici';
import { z } from 'zod';

export interface VaultTransitOptions {
  /** Base URL of Vault, such as `https://vault.example:8200`. */
  readonly url: string;
  /** Read at each call, so that an agent may renew the token. */
  readonly tokenFile: string;
  readonly namespace?: string | undefined;
  readonly timeoutMs: number;
}

/** A key of a Transit engine: where the engine is mounted, and the key's name there. */
export interface TransitKey {
  readonly mount: string;
  readonly name: string;
}

export type TransitOperation = 'encrypt' | 'decrypt' | 'rewrap';

const answer = z.object({ data: z.object({ ciphertext: z.string().optional(), plaintext: z.string().optional() }) });
const refusal = z.object({ errors: z.array(z.string()) });
const MAX_ANSWER_BYTES = 65_536;

/** The three calls of HashiCorp Vault's Transit engine that are needed here. Nothing that was sent or received is in an error. */
export class VaultTransitClient {
  private readonly pool: Pool;
  /** Path in front of `/v1`, for a Vault behind a proxy. */
  private readonly base: string;

  constructor(private readonly options: VaultTransitOptions) {
    const { origin, pathname } = new URL(options.url);
    this.pool = new Pool(origin, { connections: 8, connect: { timeout: options.timeoutMs } });
    this.base = pathname.replace(/\/+$/, '');
  }

  /**
   * @param input `plaintext` (base64) or `ciphertext`
   * @throws AppError UPSTREAM_UNAVAILABLE (`details.isMisconfigured` when somebody has to mend something), REQUEST_TIMEOUT; Error for a ciphertext Vault does not take
   */
  async call(
    operation: TransitOperation,
    key: TransitKey,
    input: Readonly<Record<string, string>>,
  ): Promise<z.output<typeof answer>['data']> {
    const place = `${key.mount}/${operation}/${key.name}`;
    const token = await this.token();
    const { status, text } = await this.post(place, token, JSON.stringify(input));
    if (status === 200) return this.parse(place, text);
    throw this.refused(status, place, key, errorsOf(text));
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async token(): Promise<string> {
    const { tokenFile } = this.options;
    const text = await readFile(tokenFile, 'utf8').catch((cause: unknown) => {
      throw misconfigured(`the Vault token file ${tokenFile} cannot be read: ${messageOf(cause)}`);
    });
    const token = text.trim();
    if (!/^[\x21-\x7e]+$/.test(token)) throw misconfigured(`the Vault token file ${tokenFile} holds no token`);
    return token;
  }

  private async post(place: string, token: string, body: string): Promise<{ status: number; text: string }> {
    const { timeoutMs, namespace, url } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.pool.request({
          method: 'POST',
          path: `${this.base}/v1/${place}`,
          headers: {
            'content-type': 'application/json',
            'x-vault-token': token,
            'x-vault-request': 'true',
            ...(namespace ? { 'x-vault-namespace': namespace } : {}),
          },
          body,
          signal: timeout,
        });
        let text = '';
        for await (const chunk of response.body.setEncoding('utf8')) {
          text += String(chunk);
          if (text.length > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
        }
        return { status: response.statusCode, text };
      } catch (cause) {
        if (timeout.aborted)
          throw new AppError(
            'REQUEST_TIMEOUT',
            `Vault at ${url} did not answer ${place} within ${timeoutMs} ms`,
            {},
            { cause },
          );
        // A kept connection that was closed at this moment says nothing about Vault, and each of the three calls may be repeated.
        if (attempt === 1) continue;
        throw new AppError(
          'UPSTREAM_UNAVAILABLE',
          `Vault at ${url} cannot be reached: ${messageOf(cause)}`,
          {},
          { cause },
        );
      }
    }
  }

  private parse(place: string, text: string): z.output<typeof answer>['data'] {
    const parsed = answer.safeParse(jsonOf(text));
    if (!parsed.success)
      throw misconfigured(
        `${this.options.url} answered ${place} with something that is not Vault's; is NG_MANAGER_VAULT_URL right?`,
      );
    return parsed.data.data;
  }

  private refused(status: number, place: string, { mount, name }: TransitKey, errors: string): Error {
    const { tokenFile, url } = this.options;
    const noKey = `Vault has no key "${name}" in a transit engine at "${mount}"; create it there, or correct NG_MANAGER_VAULT_TRANSIT_KEY or NG_MANAGER_VAULT_TRANSIT_MOUNT`;
    if (status === 403)
      return misconfigured(
        `Vault refuses the token in ${tokenFile} for ${place}; renew it, or give it a policy with "update" on that path`,
      );
    if (status === 404 || (status === 400 && /key not found/i.test(errors))) return misconfigured(noKey);
    if (status === 503)
      return new AppError('UPSTREAM_UNAVAILABLE', `Vault at ${url} is sealed or in maintenance; unseal it`);
    if (status === 400) return new Error(`Vault does not take what it was sent for ${place}: ${errors}`);
    return new AppError(
      'UPSTREAM_UNAVAILABLE',
      `Vault at ${url} answered ${place} with status ${status}${errors ? `: ${errors}` : ''}`,
    );
  }
}

function misconfigured(message: string): AppError {
  return new AppError('UPSTREAM_UNAVAILABLE', message, { isMisconfigured: true });
}

function errorsOf(text: string): string {
  const parsed = refusal.safeParse(jsonOf(text));
  return parsed.success ? parsed.data.errors.join('; ').slice(0, 300) : '';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
