import { execFile, spawn } from 'node:child_process';
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';

const run = promisify(execFile);

/** Files by path. A content of `{ link }` is a symbolic link; null deletes. */
export type FileChanges = Readonly<Record<string, string | { readonly link: string } | null>>;

/** A request the server has seen; `traceparent` is what joins it to a trace. */
export interface GitRequest {
  readonly repository: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly userAgent: string;
  readonly traceparent: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** HTTP basic. */
export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

export interface GitOptions {
  /** Folder of the bare repositories; without it a temporary one that goes with the server. */
  readonly folder?: string;
  /** Without it any free port. */
  readonly port?: number;
  /** When given, every request must carry these (HTTP basic). */
  readonly credentials?: GitCredentials;
  /** Of the commits made here; `Test` by default. */
  readonly author?: string;
  /** Takes pushes too: from everybody who may read, or from who shows these. */
  readonly allowPush?: boolean | GitCredentials;
  readonly onRequest?: (request: GitRequest) => void;
}

interface CommitOptions {
  readonly branch?: string;
  readonly message?: string;
  /** Branch that a new branch starts at. */
  readonly from?: string;
}

/** Git's own http-backend behind a server on 127.0.0.1. */
export interface TestGit {
  readonly url: string;
  readonly port: number;
  /** `<url>/<name>.git`. */
  urlOf(name: string): string;
  /** Folder of the bare repository, for things only git itself can do. */
  folderOf(name: string): string;
  /** Commits files to a branch; makes repository and branch when missing (a new branch starts empty, or at `from`). Answers the commit. */
  commit(name: string, files: FileChanges, options?: CommitOptions): Promise<string>;
  /** The newest requests, as `METHOD /path`. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

const REMEMBERED_REQUESTS = 1_000;
const BACKEND_TIMEOUT_MS = 120_000;

/** Starts a Git server over smart HTTP: this process is the web server, git's http-backend does the work. */
export async function startGit(options: GitOptions = {}): Promise<TestGit> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sluice-git-'));
  const backend = join((await run('git', ['--exec-path'])).stdout.trim(), 'git-http-backend');
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = addressOf(request.url ?? '/');
    if (url === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('there is no such address\n');
      return;
    }
    requests.push(`${request.method} ${request.url}`);
    if (requests.length > REMEMBERED_REQUESTS) requests.shift();
    options.onRequest?.({
      repository: url.pathname.split('/')[1]?.replace(/\.git$/, '') ?? '',
      method: request.method ?? 'GET',
      path: url.pathname + url.search,
      userAgent: headerOf(request, 'user-agent') ?? '',
      traceparent: headerOf(request, 'traceparent'),
      at: Date.now(),
    });
    const { credentials, allowPush = false } = options;
    const mayPush = typeof allowPush === 'object' ? shows(request, allowPush) : allowPush;
    if ((credentials && !shows(request, credentials)) || (typeof allowPush === 'object' && !mayPush && isPush(url))) {
      response
        .writeHead(401, { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' })
        .end('authentication required\n');
      return;
    }
    serve({ backend, folder, mayPush }, url, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;
  const folderOf = (name: string): string => join(folder, `${name}.git`);
  return {
    url,
    port,
    requests,
    urlOf: (name) => `${url}/${name}.git`,
    folderOf,
    commit: async (name, files, commitOptions = {}) => {
      const bare = folderOf(name);
      const author = options.author ?? 'Test';
      if (existsSync(bare)) return commitTo(bare, files, author, commitOptions);
      // Made beside its place and moved there with its first commit, so that nobody clones an empty one.
      const fresh = mkdtempSync(join(folder, '.new-'));
      await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', fresh]);
      const commit = await commitTo(fresh, files, author, commitOptions);
      await run('mv', ['-T', fresh, bare]);
      return commit;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (options.folder === undefined)
        rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }); // git may still write behind the answer that was cut off
    },
  };
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function shows(request: IncomingMessage, { username, password }: GitCredentials): boolean {
  const [given, wanted] = [
    request.headers.authorization ?? '',
    `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  ].map((text) => createHash('sha256').update(text).digest());
  return given !== undefined && wanted !== undefined && timingSafeEqual(given, wanted);
}

/** Undefined for what is no address, cannot be decoded, or cannot be given to a program: a server that threw would end with its process. */
function addressOf(text: string): URL | undefined {
  try {
    const url = new URL(text, 'http://git');
    return decodeURIComponent(url.pathname).includes('\u0000') ? undefined : url;
  } catch {
    return undefined;
  }
}

/** As the backend reads an address: decoded. */
function isPush(url: URL): boolean {
  return (
    decodeURIComponent(url.pathname).endsWith('/git-receive-pack') ||
    url.searchParams.getAll('service').includes('git-receive-pack')
  );
}

interface Backend {
  readonly backend: string;
  readonly folder: string;
  readonly mayPush: boolean;
}

/** One CGI call (RFC 3875): headers and body of the program's output become the response. */
function serve(
  { backend, folder, mayPush }: Backend,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const settings = { 'safe.directory': '*', 'uploadpack.allowFilter': 'true', 'http.receivepack': String(mayPush) };
  const child = spawn(backend, [], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      ...gitConfig(settings),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: headerOf(request, 'content-type') ?? '',
      GIT_PROTOCOL: headerOf(request, 'git-protocol') ?? '',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: BACKEND_TIMEOUT_MS,
  });
  const fail = (): void => {
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
    response.end();
  };
  const body = headerOf(request, 'content-encoding') === 'gzip' ? request.pipe(createGunzip()) : request;
  body.on('error', fail).pipe(child.stdin);
  child.stdin.on('error', () => undefined); // it may answer without reading the whole body
  child.on('error', fail);
  response.on('close', () => child.kill());
  let head = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const { status, headers } = parseCgiHead(head.subarray(0, end).toString('latin1'));
    response.writeHead(status, headers);
    response.write(head.subarray(end + 4));
  });
  child.stdout.on('end', () => (response.headersSent ? response.end() : fail()));
}

function gitConfig(settings: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(settings);
  const pairs = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(entries.length), ...Object.fromEntries(pairs) };
}

function parseCgiHead(text: string): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers };
}

async function commitTo(
  bare: string,
  files: FileChanges,
  author: string,
  { branch = 'main', message = 'Change', from }: CommitOptions,
): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'sluice-commit-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: work,
    GIT_DIR: bare,
    GIT_WORK_TREE: work,
    GIT_INDEX_FILE: join(work, 'index'),
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, author],
        [`GIT_${who}_EMAIL`, `${author.toLowerCase()}@example.com`],
      ]),
    ),
  };
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run('git', [...args], { env, cwd: work, timeout: 240_000 })).stdout.trim();
  const head = (name: string): Promise<string | undefined> =>
    git('rev-parse', '--verify', '--quiet', `refs/heads/${name}`).catch(() => undefined);
  try {
    const parent = (await head(branch)) ?? (from === undefined ? undefined : await head(from));
    if (parent) await git('read-tree', parent);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) {
        await git('update-index', '--force-remove', '--', path);
        continue;
      }
      const isLink = typeof content === 'object';
      const file = join(work, 'content');
      writeFileSync(file, isLink ? content.link : content);
      const blob = await git('hash-object', '-w', '--', file);
      await git('update-index', '--add', '--cacheinfo', `${isLink ? '120000' : '100644'},${blob},${path}`);
    }
    const commit = await git('commit-tree', await git('write-tree'), '-m', message, ...(parent ? ['-p', parent] : []));
    await git('update-ref', `refs/heads/${branch}`, commit);
    return commit;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
