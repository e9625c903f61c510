import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';

const run = promisify(execFile);
const NOBODY = {
  GIT_AUTHOR_NAME: 'Spec',
  GIT_AUTHOR_EMAIL: 'spec@localhost',
  GIT_COMMITTER_NAME: 'Spec',
  GIT_COMMITTER_EMAIL: 'spec@localhost',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

/** Git's own http-backend behind a web server, with a work tree to commit from. */
export class GitOverHttp {
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** When set, every request must carry them. */
  credentials: { readonly username: string; readonly password: string } | undefined;
  protocol: 'current' | 'old' = 'current';
  /** Every answer waits for it: what a test wants to see of a client lasts as long. */
  gate: () => Promise<unknown> = () => Promise.resolve();
  private readonly root = mkdtempSync(join(tmpdir(), 'sluice-git-'));
  private readonly workTree = join(this.root, 'work');
  private readonly server = createServer(
    (request, response) =>
      void this.gate().then(
        () => this.serve(request, response),
        () => response.destroy(),
      ),
  );
  private backend = '';
  private port = 0;

  static async start(): Promise<GitOverHttp> {
    const made = new GitOverHttp();
    made.backend = join((await run('git', ['--exec-path'])).stdout.trim(), 'git-http-backend');
    await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', join(made.root, 'orders.git')]);
    await run('git', ['init', '--quiet', '--initial-branch=main', made.workTree]);
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    made.port = (made.server.address() as AddressInfo).port;
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/orders.git`;
  }

  urlOf(name: string): string {
    return `http://127.0.0.1:${this.port}/${name}.git`;
  }

  /** Commits files (and symbolic links, as `{ link: target }`) to a branch, and answers with the commit. */
  async commit(files: Readonly<Record<string, string | { readonly link: string }>>, branch = 'main'): Promise<string> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.workTree, path);
      mkdirSync(dirname(file), { recursive: true });
      if (typeof content === 'string') writeFileSync(file, content);
      else symlinkSync(content.link, file);
    }
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '-m', 'change');
    await this.git('push', '--quiet', '--force', join(this.root, 'orders.git'), `HEAD:refs/heads/${branch}`);
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  /** A branch of one file, and of another repository at the path `mounted`. */
  async commitSubmodule(branch: string, mounted: string): Promise<void> {
    const file = join(this.root, 'beside-a-submodule');
    writeFileSync(file, 'select 1;\n');
    const object = (await this.git('hash-object', '-w', file)).trim();
    const tree = await this.makeTree([`100644 blob ${object}\tone.sql`, `160000 commit ${'1'.repeat(40)}\t${mounted}`]);
    const commit = (await this.git('commit-tree', '-m', 'submodule', tree)).trim();
    await this.git('push', '--quiet', '--force', join(this.root, 'orders.git'), `${commit}:refs/heads/${branch}`);
  }

  /** A branch of a few objects whose tree unpacks to `width` ** `levels` files. */
  async commitBomb(
    branch: string,
    { levels, width, content }: { readonly levels: number; readonly width: number; readonly content: string },
  ): Promise<void> {
    const file = join(this.root, 'bomb');
    writeFileSync(file, content);
    let object = (await this.git('hash-object', '-w', file)).trim();
    let kind = '100644 blob';
    for (let level = 0; level < levels; level += 1) {
      object = await this.makeTree(Array.from({ length: width }, (_, index) => `${kind} ${object}\t${index}`));
      kind = '040000 tree';
    }
    const commit = (await this.git('commit-tree', '-m', 'bomb', object)).trim();
    await this.git('push', '--quiet', '--force', join(this.root, 'orders.git'), `${commit}:refs/heads/${branch}`);
  }

  async tag(name: string): Promise<void> {
    await this.git('tag', '-a', name, '-m', name);
    await this.git('push', '--quiet', join(this.root, 'orders.git'), `refs/tags/${name}`);
  }

  async deleteBranch(name: string): Promise<void> {
    await this.git('push', '--quiet', join(this.root, 'orders.git'), `:refs/heads/${name}`);
  }

  /** Sets an option of the bare repository, such as what it gives to whom. */
  async configure(key: string, value: string): Promise<void> {
    await this.git('--git-dir', join(this.root, 'orders.git'), 'config', key, value);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  private async git(...args: string[]): Promise<string> {
    return (await run('git', args, { cwd: this.workTree, env: { ...process.env, ...NOBODY } })).stdout;
  }

  private makeTree(entries: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        'git',
        ['mktree'],
        { cwd: this.workTree, env: { ...process.env, ...NOBODY } },
        (cause, stdout) => (cause ? reject(cause) : resolve(stdout.trim())),
      );
      child.stdin?.end(`${entries.join('\n')}\n`);
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://git');
    this.requests.push({ path: url.pathname + url.search, headers: request.headers });
    const wanted =
      this.credentials &&
      `Basic ${Buffer.from(`${this.credentials.username}:${this.credentials.password}`).toString('base64')}`;
    if (wanted && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const header = (name: string): string => String(request.headers[name] ?? '');
    const child = spawn(this.backend, [], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: this.root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: header('content-type'),
        // Older servers know no other than the first, which gives commits by their id only when told to.
        GIT_PROTOCOL: this.protocol === 'old' ? '' : header('git-protocol'),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    (header('content-encoding') === 'gzip' ? request.pipe(createGunzip()) : request).pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      const lines = all
        .subarray(0, end)
        .toString('latin1')
        .split('\r\n')
        .map((line) => line.split(': '));
      const status = Number(lines.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
      response
        .writeHead(
          status,
          Object.fromEntries(
            lines.filter(([name]) => name !== 'Status').map(([name, value]) => [name ?? '', value ?? '']),
          ),
        )
        .end(all.subarray(end + 4));
    });
  }
}
