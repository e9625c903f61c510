import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';

const run = promisify(execFile);

export interface TestGitOptions {
  /** When given, every request must carry these (HTTP basic). */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** Git's own http-backend behind a server on 127.0.0.1, with repositories in a temporary folder. */
export interface TestGit {
  readonly url: string;
  readonly port: number;
  /** `<url>/<name>.git`. */
  urlOf(name: string): string;
  /** Folder of the bare repository, for things only git itself can do. */
  folderOf(name: string): string;
  /** Commits files to a branch; makes repository and branch when missing. A content of `{ link }` is a symbolic link. Answers the commit. */
  commit(name: string, files: Readonly<Record<string, string | { readonly link: string }>>, options?: { readonly branch?: string; readonly message?: string }): Promise<string>;
  /** Requests so far, as `METHOD /path`. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Starts a Git server with no repositories. */
export async function startGit(options: TestGitOptions = {}): Promise<TestGit> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-git-'));
  const backend = join((await run('git', ['--exec-path'])).stdout.trim(), 'git-http-backend');
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const { credentials } = options;
    const wanted = credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    if (wanted && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    serve(backend, folder, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
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
    commit: (name, files, { branch = 'main', message = 'Change' } = {}) => commitTo(folderOf(name), files, branch, message),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One CGI call: the program's headers and body become the response. */
function serve(backend: string, folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://git');
  const child = spawn(backend, [], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_CONFIG_KEY_1: 'uploadpack.allowFilter',
      GIT_CONFIG_VALUE_1: 'true',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 30_000,
  });
  const body = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request;
  body.pipe(child.stdin).on('error', () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('close', () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    const head = output.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(head.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]).filter(([name]) => name));
    const status = end < 0 ? 500 : Number.parseInt(headers['Status'] ?? '200', 10);
    delete headers['Status'];
    response.writeHead(status, headers).end(output.subarray(end + 4));
  });
}

async function commitTo(bare: string, files: Readonly<Record<string, string | { readonly link: string }>>, branch: string, message: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'sluice-commit-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: work,
    GIT_DIR: bare,
    GIT_INDEX_FILE: join(work, 'index'),
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(['AUTHOR', 'COMMITTER'].flatMap((who) => [[`GIT_${who}_NAME`, 'Test'], [`GIT_${who}_EMAIL`, 'test@example.com']])),
  };
  const git = async (...args: readonly string[]): Promise<string> => (await run('git', [...args], { env })).stdout.trim();
  try {
    mkdirSync(dirname(bare), { recursive: true });
    await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
    const parent = await git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`).catch(() => undefined);
    if (parent) await git('read-tree', parent);
    for (const [path, content] of Object.entries(files)) {
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
