import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { GitSource } from '@sluice/delegate-protocol';
import { AppError, Turns } from '@sluice/kernel';
import type { Tracing } from '@sluice/telemetry';
import { CONFIG, TRACING, type DelegateConfig } from '../config.js';
import { runGit, type GitEnd } from './git-command.js';
import type { GitCredentials } from './git-credentials.js';
import { gitEnvironment } from './git-environment.js';
import { gitFailure, shownRepository, type Subject } from './git-failure.js';
import { isSshAddress, openSshSession } from './ssh-session.js';

export interface FetchRequest {
  readonly source: GitSource;
  readonly credentials: GitCredentials;
  readonly traceparent: string | undefined;
  readonly signal: AbortSignal;
}

/** A commit that is in the mirror. */
export interface FetchedCommit {
  readonly gitDir: string;
  readonly commit: string;
  /** Repository and ref in words. */
  readonly shown: string;
}

type Ref = { readonly kind: 'branch' | 'tag'; readonly name: string; readonly refspec: string } | { readonly kind: 'commit'; readonly name: string };

const SIZE_CHECK_MS = 1_000;
const TIDY_EVERY = 100;
const NO_CREDENTIALS: GitCredentials = { username: undefined, password: undefined };

/**
 * One bare mirror per repository URL below the data folder, brought up to date by incremental fetches. The network is used by `fetch`
 * and `ls-remote` only; both carry the trace, and a span with the hop to the Git server.
 */
@Injectable()
export class GitMirror {
  private readonly root: string;
  private readonly fetches = new Map<string, number>();
  private readonly turns = new Turns();

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(TRACING) private readonly tracing: Tracing,
  ) {
    this.root = join(config.dataDir, 'git');
  }

  /**
   * Makes sure the ref's commit is in the mirror. One fetch per repository at a time.
   * @throws AppError RESOURCE_NOT_FOUND for an unknown branch, tag or commit; GIT_CONNECTION_ERROR; INVALID_REQUEST for a URL or ref that is none
   */
  async fetch(request: FetchRequest): Promise<FetchedCommit> {
    const { source } = request;
    const repository = shownRepository(source.url);
    const ref = refOf(source);
    const gitDir = join(this.root, createHash('sha256').update(source.url).digest('hex').slice(0, 32));
    return this.turns.take(gitDir, async () => {
      await this.prepare(gitDir, source.url);
      this.tidyLater(gitDir);
      const commit = ref.kind === 'commit' ? await this.fetchCommit(gitDir, ref.name, repository, request) : await this.fetchRef(gitDir, ref, repository, request);
      return { gitDir, commit, shown: `${repository} at ${ref.kind} ${ref.name}` };
    });
  }

  /** Many fetches leave many small packs. Packing them waits its turn like a fetch, and nobody waits for it. */
  private tidyLater(gitDir: string): void {
    const fetches = (this.fetches.get(gitDir) ?? 0) + 1;
    this.fetches.set(gitDir, fetches % TIDY_EVERY);
    if (fetches < TIDY_EVERY) return;
    void this.turns.take(gitDir, () => this.local(gitDir, ['gc', '--quiet'], new AbortController().signal)).catch(() => undefined);
  }

  /** Asks the server for its branches. @throws AppError as {@link fetch} */
  async probe(request: FetchRequest): Promise<void> {
    const repository = shownRepository(request.source.url);
    const { branch } = request.source;
    const patterns = branch === undefined ? [] : [`refs/heads/${checkedName('branch', branch)}`];
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const end = await this.onNetwork('git ls-remote', this.root, ['ls-remote', '--heads', '--', request.source.url, ...patterns], request);
    const heads = outputOf(end, { repository, ref: branch && `branch "${branch}"` }, this.config.git.timeoutMs);
    if (branch !== undefined && heads.trim() === '') throw new AppError('RESOURCE_NOT_FOUND', `branch "${branch}" does not exist in ${repository}`);
  }

  /** Runs git on the mirror, without any network. @throws AppError INTERNAL with git's words */
  async local(gitDir: string, args: readonly string[], signal: AbortSignal, extra: Readonly<Record<string, string>> = {}, onOutput?: (chunk: Buffer) => void): Promise<string> {
    const environment = { ...gitEnvironment(this.config.git.environment, NO_CREDENTIALS, undefined), GIT_DIR: gitDir, ...extra };
    const end = await runGit({ args, cwd: gitDir, environment, timeoutMs: this.config.git.timeoutMs, signal, ...(onOutput ? { onOutput } : {}) });
    if (end.status === 'ok') return end.stdout;
    if (end.status === 'aborted') throw signal.reason;
    throw new AppError('INTERNAL', `git ${args[0] ?? ''}: ${end.status === 'failed' ? end.stderr.trim().slice(-300) : 'took too long'}`);
  }

  private async fetchRef(gitDir: string, ref: Exclude<Ref, { kind: 'commit' }>, repository: string, request: FetchRequest): Promise<string> {
    const subject = { repository, ref: `${ref.kind} "${ref.name}"` };
    const end = await this.onNetwork('git fetch', gitDir, [...FETCH, '--', 'origin', `+${ref.refspec}:${ref.refspec}`], request);
    outputOf(end, subject, this.config.git.timeoutMs);
    // Names the commit without another process; for a tag it may be the tag's own object.
    const fetched = /^([0-9a-f]{40,64})\t/.exec(await readFile(join(gitDir, 'FETCH_HEAD'), 'utf8'))?.[1];
    if (fetched !== undefined && ref.kind === 'branch') return fetched;
    return (await this.local(gitDir, ['rev-parse', '--verify', '--end-of-options', `${ref.refspec}^{commit}`], request.signal)).trim();
  }

  /** A commit that is known already needs no network: it never changes. Otherwise it is asked for by name, then searched for in all branches. */
  private async fetchCommit(gitDir: string, commit: string, repository: string, request: FetchRequest): Promise<string> {
    const known = (): Promise<string | undefined> => this.local(gitDir, ['rev-parse', '--verify', '--end-of-options', `${commit}^{commit}`], request.signal).then((text) => text.trim(), () => undefined);
    const present = await known();
    if (present !== undefined) return present;
    const isWhole = commit.length >= 40;
    if (isWhole) await this.onNetwork('git fetch', gitDir, [...FETCH, '--', 'origin', commit], request);
    const found = isWhole ? await known() : undefined;
    if (found !== undefined) return found;
    const end = await this.onNetwork('git fetch', gitDir, [...FETCH, '--', 'origin', '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'], request);
    outputOf(end, { repository, ref: `commit ${commit}` }, this.config.git.timeoutMs);
    const searched = await known();
    if (searched === undefined) throw new AppError('RESOURCE_NOT_FOUND', `commit ${commit} does not exist in ${repository}`);
    return searched;
  }

  private onNetwork(name: string, gitDir: string, args: readonly string[], { source, credentials, traceparent, signal }: FetchRequest): Promise<GitEnd> {
    const hop = { from: 'delegate', to: 'git', protocol: isSshAddress(source.url) ? 'ssh' : 'http' } as const;
    return this.tracing.run(name, { kind: 'client', parent: traceparent, hop, attributes: { 'sluice.git.repository': shownRepository(source.url) } }, async (span) => {
      const ssh = await openSshSession(source.url, credentials, { folder: join(this.config.dataDir, 'ssh'), knownHostsFile: this.config.git.knownHostsFile });
      const tooBig = new AbortController();
      const watch = setInterval(() => void this.checkSize(gitDir, tooBig), SIZE_CHECK_MS);
      const environment = { ...gitEnvironment(this.config.git.environment, credentials, span.traceparent), ...ssh.environment };
      const end = await runGit({ args, cwd: gitDir, environment, timeoutMs: this.config.git.timeoutMs, signal: AbortSignal.any([signal, tooBig.signal]) }).finally(() => {
        clearInterval(watch);
        return ssh.close();
      });
      if (tooBig.signal.aborted) {
        await rm(gitDir, { recursive: true, force: true });
        throw tooBig.signal.reason;
      }
      if (end.status === 'aborted') throw signal.reason;
      return end;
    });
  }

  private async checkSize(gitDir: string, tooBig: AbortController): Promise<void> {
    const size = await sizeOf(join(gitDir, 'objects')).catch(() => 0);
    if (size <= this.config.git.maxBytes) return;
    tooBig.abort(new AppError('PAYLOAD_TOO_LARGE', `the repository is larger than ${Math.round(this.config.git.maxBytes / 1024 / 1024)} MB, the limit of this delegate (DELEGATE_GIT_MAX_MB)`));
  }

  /** Creates the mirror. Written by hand: three files are all that git needs, and `git init` costs a process. */
  private async prepare(gitDir: string, url: string): Promise<void> {
    if (await stat(join(gitDir, 'config')).catch(() => undefined)) return;
    for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info']) await mkdir(join(gitDir, folder), { recursive: true, mode: 0o700 });
    await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(gitDir, 'config'), `[core]\n\trepositoryformatversion = 0\n\tbare = true\n[remote "origin"]\n\turl = ${JSON.stringify(url)}\n`, { mode: 0o600 });
  }
}

const FETCH = ['fetch', '--quiet', '--force', '--no-tags', '--no-recurse-submodules', '--no-auto-gc'] as const;

function outputOf(end: GitEnd, subject: Subject, timeoutMs: number): string {
  if (end.status === 'ok') return end.stdout;
  if (end.status === 'timedOut') throw new AppError('REQUEST_TIMEOUT', `${subject.repository} did not deliver within ${timeoutMs / 1000} s`);
  throw gitFailure(end.status === 'failed' ? end.stderr : '', subject);
}

function refOf(source: GitSource): Ref {
  const named = [source.branch, source.gitTag, source.commitSha].filter((value) => value !== undefined && value !== '');
  if (named.length !== 1) throw new AppError('INVALID_REQUEST', `source ${source.name}: name exactly one of branch, tag and commit`);
  if (source.branch) return { kind: 'branch', name: source.branch, refspec: `refs/heads/${checkedName('branch', source.branch)}` };
  if (source.gitTag) return { kind: 'tag', name: source.gitTag, refspec: `refs/tags/${checkedName('tag', source.gitTag)}` };
  const commit = source.commitSha ?? '';
  if (!/^[0-9a-f]{7,64}$/.test(commit)) throw new AppError('INVALID_REQUEST', `commit: "${commit.slice(0, 80)}" is not a commit id of 7 to 64 hexadecimal digits`);
  return { kind: 'commit', name: commit };
}

/** The rules of `git check-ref-format`, so that a name can be neither an option nor a pattern nor another ref. */
function checkedName(kind: 'branch' | 'tag', name: string): string {
  const isBad = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|^\/|\/$|\.$|(^|\/)\./.test(name) || name.length > 255;
  if (isBad) throw new AppError('INVALID_REQUEST', `${kind}: "${name.slice(0, 80)}" is not a ${kind} name Git allows`);
  return name;
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
