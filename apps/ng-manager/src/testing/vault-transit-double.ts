import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '@sluice/kernel';

/** The part of HashiCorp Vault that is used: `encrypt`, `decrypt` and `rewrap` of a Transit engine, with versions of keys, tokens and seal. The cryptography is real. */
export interface VaultTransitDouble {
  readonly url: string;
  /** Holds a good token until {@link setToken} says otherwise. */
  readonly tokenFile: string;
  /** Operations asked for, in order, such as `encrypt/sluice`. */
  readonly asked: string[];
  /** Namespace header of the last request. */
  readonly namespaces: (string | undefined)[];
  setToken(text: string): void;
  /** Makes a new version of a key, or a new key. */
  rotate(name: string): void;
  /** Forgets all versions of a key but the newest. */
  trim(name: string): void;
  isSealed: boolean;
  /** Answer every request only after so long. */
  delayMs: number;
  /** Answer this instead. */
  answer: { readonly status: number; readonly body: string } | undefined;
  close(): Promise<void>;
}

const TOKEN = 'hvs.good-token';

/** @param mount where the engine is mounted; it has one key, `sluice` */
export async function startVaultTransit(mount = 'transit'): Promise<VaultTransitDouble> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-vault-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const keys = new Map<string, Map<number, Buffer>>([['sluice', new Map([[1, randomBytes(32)]])]]);
  const state = {
    asked: [] as string[],
    namespaces: [] as (string | undefined)[],
    isSealed: false,
    delayMs: 0,
    answer: undefined as VaultTransitDouble['answer'],
  };

  const stopping = new AbortController();

  const server = createServer((request, response) => {
    void serve(request, response).catch((cause: unknown) => reply(response, 500, { errors: [String(cause)] }));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (state.delayMs > 0) await pause(state.delayMs, stopping.signal);
    if (state.answer)
      return void response
        .writeHead(state.answer.status, { 'content-type': 'application/json' })
        .end(state.answer.body);
    if (state.isSealed) return reply(response, 503, { errors: ['Vault is sealed'] });
    const namespace = request.headers['x-vault-namespace'];
    state.namespaces.push(typeof namespace === 'string' ? namespace : undefined);
    if (request.headers['x-vault-token'] !== TOKEN) return reply(response, 403, { errors: ['permission denied'] });
    const [, operation = '', name = ''] =
      new RegExp(`^/v1/${mount}/(encrypt|decrypt|rewrap)/([^/]+)$`).exec(request.url ?? '') ?? [];
    const key = keys.get(name);
    if (request.method !== 'POST' || operation === '' || !key) return reply(response, 404, { errors: [] });
    state.asked.push(`${operation}/${name}`);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { plaintext?: string; ciphertext?: string };
    try {
      const data =
        operation === 'encrypt'
          ? { ciphertext: encrypt(key, Buffer.from(body.plaintext ?? '', 'base64')) }
          : operation === 'rewrap'
            ? { ciphertext: encrypt(key, decrypt(key, body.ciphertext ?? '')) }
            : { plaintext: decrypt(key, body.ciphertext ?? '').toString('base64') };
      reply(response, 200, { request_id: 'r', data });
    } catch (cause) {
      reply(response, 400, { errors: [cause instanceof Error ? cause.message : String(cause)] });
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenFile,
    setToken: (text: string) => writeFileSync(tokenFile, text),
    rotate: (name: string) => {
      const versions = keys.get(name) ?? new Map<number, Buffer>();
      keys.set(name, versions.set(Math.max(0, ...versions.keys()) + 1, randomBytes(32)));
    },
    trim: (name: string) => {
      const versions = keys.get(name);
      for (const version of [...(versions?.keys() ?? [])].slice(0, -1)) versions?.delete(version);
    },
    close: async () => {
      stopping.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function encrypt(versions: ReadonlyMap<number, Buffer>, plain: Buffer): string {
  const version = Math.max(...versions.keys());
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', versions.get(version) ?? Buffer.alloc(0), iv);
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `vault:v${version}:${sealed.toString('base64')}`;
}

function decrypt(versions: ReadonlyMap<number, Buffer>, ciphertext: string): Buffer {
  const [, version = '', text = ''] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? [];
  const key = versions.get(Number(version));
  if (!key) throw new Error('ciphertext or signature version is disallowed by policy (too old)');
  const sealed = Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 }).setAuthTag(
    sealed.subarray(-16),
  );
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}
