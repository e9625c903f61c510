import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest)|image\/svg)/;
const MOST_BYTES = 16 * 1024 * 1024;
const compress = promisify(gzip);

interface LoadedFile {
  readonly modifiedMs: number;
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly compressed: Buffer | undefined;
}

/** A folder of built files, kept in memory once asked for and read again when they change on disk. Meant for some dozens of files, not for data. */
export class StaticFiles {
  private readonly loaded = new Map<string, LoadedFile>();

  constructor(private readonly root: string) {}

  /** Answers with the file, or with 304. False when there is no such file in the folder; nothing is sent then. */
  async send(path: string, request: FastifyRequest, reply: FastifyReply, cacheControl: string): Promise<boolean> {
    const file = await this.load(path);
    if (!file) return false;
    void reply
      .header('cache-control', cacheControl)
      .header('etag', file.etag)
      .header('vary', 'accept-encoding')
      .header('content-type', file.type);
    if (request.headers['if-none-match'] === file.etag) {
      await reply.status(304).send();
      return true;
    }
    const isCompressed =
      file.compressed !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (isCompressed) void reply.header('content-encoding', 'gzip');
    await reply.send(isCompressed ? file.compressed : file.body);
    return true;
  }

  private async load(path: string): Promise<LoadedFile | undefined> {
    const full = normalize(join(this.root, path));
    const folder = normalize(this.root.endsWith(sep) ? this.root : `${this.root}${sep}`);
    if (!full.startsWith(folder) || path.includes('\0') || path.split('/').some((part) => part.startsWith('.')))
      return undefined;
    const found = await stat(full).catch(() => undefined);
    if (!found?.isFile() || found.size > MOST_BYTES) return undefined;
    const known = this.loaded.get(full);
    if (known?.modifiedMs === found.mtimeMs) return known;
    const file = await read(full, found.mtimeMs);
    this.loaded.set(full, file);
    return file;
  }
}

async function read(path: string, modifiedMs: number): Promise<LoadedFile> {
  const body = await readFile(path);
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  return {
    modifiedMs,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    body,
    compressed: COMPRESSIBLE.test(type) && body.length > 1_024 ? await compress(body) : undefined,
  };
}
