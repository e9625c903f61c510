import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { inheritedEnvironment } from './supervisor.js';

const run = promisify(execFile);

/** A request the Git server has seen; `traceparent` is what the hop test joins to a deployment. */
export interface GitRequest {
  readonly repository: string;
  readonly method: string;
  readonly path: string;
  readonly traceparent: string | undefined;
  /** Who asked, by User-Agent: `scm` and `delegate` name themselves, anything else is `client`. */
  readonly caller: 'scm' | 'delegate' | 'client';
  readonly at: number;
}

export interface GitServerOptions {
  /** Folder of the bare repositories. */
  readonly folder: string;
  readonly port: number;
  /** When given, every request must carry these (HTTP basic). */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly onRequest?: (request: GitRequest) => void;
}

/** Files by path; null deletes. */
export type FileChanges = Readonly<Record<string, string | null>>;

export interface GitServer {
  /** `http://127.0.0.1:<port>`; repositories are `<url>/<name>.git`. */
  readonly url: string;
  readonly requests: readonly GitRequest[];
  urlOf(name: string): string;
  hasRepository(name: string): boolean;
  /** Creates a repository whose branch `main` holds these files. @throws Error when it exists */
  createRepository(name: string, files: FileChanges): Promise<string>;
  /** Commits on top of a branch (created from `main` when new). Answers the commit id. */
  commit(name: string, files: FileChanges, options?: { readonly branch?: string; readonly message?: string }): Promise<string>;
  close(): Promise<void>;
}

const REMEMBERED_REQUESTS = 1_000;
const BACKEND_TIMEOUT_MS = 120_000;
const IDENTITY = {
  GIT_AUTHOR_NAME: 'Sluice',
  GIT_AUTHOR_EMAIL: 'sluice@localhost',
  GIT_COMMITTER_NAME: 'Sluice',
  GIT_COMMITTER_EMAIL: 'sluice@localhost',
  GIT_CONFIG_NOSYSTEM: '1',
};

/** Git over smart HTTP: this process is the web server, git's own http-backend does the work. Loopback only; pushing is allowed. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const requests: GitRequest[] = [];
  const { stdout } = await run('git', ['--exec-path']);
  const backend = join(stdout.trim(), 'git-http-backend');
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://git');
    const seen: GitRequest = {
      repository: url.pathname.split('/')[1]?.replace(/\.git$/, '') ?? '',
      method: request.method ?? 'GET',
      path: url.pathname + url.search,
      traceparent: headerOf(request, 'traceparent'),
      caller: callerOf(headerOf(request, 'user-agent') ?? ''),
      at: Date.now(),
    };
    requests.push(seen);
    options.onRequest?.(seen);
    if (requests.length > REMEMBERED_REQUESTS) requests.shift();
    if (options.credentials && !isAuthorised(request, options.credentials)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' }).end('authentication required\n');
      return;
    }
    serve(backend, options.folder, url, request, response);
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, '127.0.0.1', done);
  });
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : options.port;
  const url = `http://127.0.0.1:${port}`;
  const bare = (name: string): string => join(options.folder, `${name}.git`);
  return {
    url,
    requests,
    urlOf: (name) => `${url}/${name}.git`,
    hasRepository: (name) => existsSync(bare(name)),
    createRepository: async (name, files) => {
      if (existsSync(bare(name))) throw new Error(`repository ${name} exists already`);
      // Made beside its place and moved there with its first commit, so that nobody clones an empty one.
      const fresh = mkdtempSync(join(options.folder, '.new-'));
      await git(['init', '--quiet', '--bare', '--initial-branch=main', fresh]);
      await git(['--git-dir', fresh, 'config', 'http.receivepack', 'true']);
      const commitId = await commitTo(fresh, files, { branch: 'main', message: 'First version' });
      await run('mv', ['-T', fresh, bare(name)]);
      return commitId;
    },
    commit: (name, files, { branch = 'main', message = 'Change' } = {}) => commitTo(bare(name), files, { branch, message }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function callerOf(userAgent: string): GitRequest['caller'] {
  const name = /^sluice-(scm|delegate)\b/.exec(userAgent)?.[1];
  return name === 'scm' || name === 'delegate' ? name : 'client';
}

function isAuthorised(request: IncomingMessage, { username, password }: { username: string; password: string }): boolean {
  return headerOf(request, 'authorization') === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** One CGI call (RFC 3875): headers and body of the program's output become the response. */
function serve(backend: string, folder: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const child = spawn(backend, [], {
    env: {
      ...inheritedEnvironment(),
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: headerOf(request, 'content-type') ?? '',
      GIT_PROTOCOL: headerOf(request, 'git-protocol') ?? '',
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_USER: 'local',
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

async function git(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run('git', [...args], { env: { ...inheritedEnvironment(), ...IDENTITY, ...env }, timeout: 60_000 });
  return stdout.trim();
}

async function commitTo(gitDir: string, files: FileChanges, { branch, message }: { readonly branch: string; readonly message: string }): Promise<string> {
  const workTree = mkdtempSync(join(tmpdir(), 'sluice-commit-'));
  const env = { GIT_DIR: gitDir, GIT_WORK_TREE: workTree, GIT_INDEX_FILE: join(workTree, '.index') };
  try {
    const parent = await git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], env).catch(() => git(['rev-parse', '--verify', '--quiet', 'refs/heads/main'], env).catch(() => undefined));
    if (parent) await git(['read-tree', parent], env);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) {
        await git(['rm', '--quiet', '--cached', '--', path], env);
        continue;
      }
      const file = resolve(workTree, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      await git(['update-index', '--add', '--', path], env);
    }
    const tree = await git(['write-tree'], env);
    const commitId = await git(['commit-tree', tree, '-m', message, ...(parent ? ['-p', parent] : [])], env);
    await git(['update-ref', `refs/heads/${branch}`, commitId], env);
    return commitId;
  } finally {
    rmSync(workTree, { recursive: true, force: true });
  }
}
