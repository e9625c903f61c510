import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { GitSource } from '@sluice/delegate-protocol';
import { AppError, Turns, messageOf, newId } from '@sluice/kernel';
import type { Tracing } from '@sluice/telemetry';
import { CONFIG, TRACING, type DelegateConfig } from '../config.js';
import { runGit, type GitEnd } from './git-command.js';
import type { GitCredentials } from './git-credentials.js';
import { gitEnvironment } from './git-environment.js';
import { gitFailure, isOfServer, shownRepository, type Subject } from './git-failure.js';
import { checkedName, refOf, type NamedRef, type Ref } from './git-ref.js';
import { MirrorDamage } from './mirror-damage.js';
import { prepareMirror, removeLeftovers, sizeOf } from './mirror-folder.js';
import { isSshAddress, openSshSession } from './ssh-session.js';

export interface FetchRequest {
  readonly source: GitSource;
  readonly credentials: GitCredentials;
  readonly traceparent: string | undefined;
  readonly signal: AbortSignal;
}

/** A commit that is in the mirror, and that the server gave to the credentials of the request. */
export interface FetchedCommit {
  readonly gitDir: string;
  readonly commit: string;
  /** Repository and ref in words. */
  readonly shown: string;
  /** What had to be mended in the mirror, for the log. */
  readonly notes: readonly string[];
  /** Which making of the mirror it is in: the number grows when the mirror is made afresh. */
  readonly making: number;
}

/** One fetch as its parts see it. */
interface Fetch {
  readonly ref: Ref;
  readonly repository: string;
  readonly request: FetchRequest;
  readonly notes: string[];
}

const SIZE_CHECK_MS = 1_000;
const TIDY_EVERY = 100;
const NO_CREDENTIALS: GitCredentials = { username: undefined, password: undefined };
const FETCH = ['fetch', '--quiet', '--force', '--no-tags', '--no-recurse-submodules', '--no-auto-gc'] as const;

/**
 * One bare mirror per repository URL below the data folder, brought up to date by incremental fetches. A mirror is a cache: what is wrong with
 * one is mended or the mirror is made afresh, and only what the server refuses is an error. Every request proves its own credentials to the
 * server, also for a commit that is here already, so no one gets from a mirror what the server would not give. The network is used by `fetch`
 * and `ls-remote` only; both carry the trace, and a span with the hop to the Git server.
 */
@Injectable()
export class GitMirror {
  /** Where mirrors are. */
  readonly root: string;
  /** Where mirrors are made before they take their place, and what is on its way out. */
  readonly scratch: string;
  private readonly fetches = new Map<string, number>();
  private readonly makings = new Map<string, number>();
  private readonly turns = new Turns();

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(TRACING) private readonly tracing: Tracing,
  ) {
    this.root = join(config.dataDir, 'git');
    this.scratch = join(config.dataDir, 'git-scratch');
  }

  /**
   * Makes sure the ref's commit is in the mirror. One fetch per repository at a time.
   * @throws AppError RESOURCE_NOT_FOUND for an unknown branch, tag or commit; GIT_CONNECTION_ERROR; INVALID_REQUEST for a URL or ref that is none
   */
  async fetch(request: FetchRequest): Promise<FetchedCommit> {
    return this.inTurn(request, (gitDir, fetch) => this.fetchOrMakeAfresh(gitDir, fetch));
  }

  /** As {@link fetch}, after the mirror had turned out damaged; made afresh, unless that has happened since. */
  async fetchAgain(request: FetchRequest, damaged: FetchedCommit, damage: MirrorDamage): Promise<FetchedCommit> {
    return this.inTurn(request, (gitDir, fetch) =>
      damaged.making === this.makingOf(gitDir)
        ? this.makeAfresh(gitDir, fetch, damage)
        : this.fetchOrMakeAfresh(gitDir, fetch),
    );
  }

  /** Removes a mirror when it is no longer wanted, in its turn: never under a fetch. */
  async remove(gitDir: string, isUnwanted: () => Promise<boolean>): Promise<boolean> {
    return this.turns.take(gitDir, async () => {
      if (!(await isUnwanted())) return false;
      await this.discard(gitDir);
      return true;
    });
  }

  /** Asks the server for its branches. @throws AppError as {@link fetch} */
  async probe(request: FetchRequest): Promise<void> {
    const repository = shownRepository(request.source.url);
    const { branch } = request.source;
    const patterns = branch === undefined ? [] : [`refs/heads/${checkedName('branch', branch)}`];
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const end = await this.onNetwork(
      'git ls-remote',
      this.root,
      ['ls-remote', '--heads', '--', request.source.url, ...patterns],
      request,
    );
    const heads = this.outputOf(end, { repository, ref: branch && `branch "${branch}"` });
    if (branch !== undefined && heads.trim() === '')
      throw new AppError('RESOURCE_NOT_FOUND', `branch "${branch}" does not exist in ${repository}`);
  }

  /** Runs git on the mirror, without any network. @throws MirrorDamage with git's words */
  async local(
    gitDir: string,
    args: readonly string[],
    signal: AbortSignal,
    extra: Readonly<Record<string, string>> = {},
    onOutput?: (chunk: Buffer) => void,
  ): Promise<string> {
    const environment = {
      ...gitEnvironment(this.config.git.environment, NO_CREDENTIALS, undefined),
      GIT_DIR: gitDir,
      ...extra,
    };
    const end = await runGit({
      args,
      cwd: gitDir,
      environment,
      timeoutMs: this.config.git.timeoutMs,
      graceMs: this.config.git.stopGraceMs,
      signal,
      ...(onOutput ? { onOutput } : {}),
    });
    if (end.status === 'ok') return end.stdout;
    if (end.status === 'aborted') throw signal.reason;
    if (end.status === 'timedOut') throw new AppError('INTERNAL', `git ${args[0] ?? ''}: took too long`);
    throw new MirrorDamage('INTERNAL', `git ${args[0] ?? ''}: ${end.stderr.trim().slice(-300)}`);
  }

  private async inTurn(
    request: FetchRequest,
    work: (gitDir: string, fetch: Fetch) => Promise<string>,
  ): Promise<FetchedCommit> {
    const { source } = request;
    const repository = shownRepository(source.url);
    const fetch: Fetch = { ref: refOf(source), repository, request, notes: [] };
    const gitDir = join(this.root, createHash('sha256').update(source.url).digest('hex').slice(0, 32));
    return this.turns.take(gitDir, async () => {
      this.tidyLater(gitDir);
      const commit = await work(gitDir, fetch);
      return {
        gitDir,
        commit,
        shown: `${repository} at ${fetch.ref.kind} ${fetch.ref.name}`,
        notes: fetch.notes,
        making: this.makingOf(gitDir),
      };
    });
  }

  private makingOf(gitDir: string): number {
    return this.makings.get(gitDir) ?? 0;
  }

  private async fetchOrMakeAfresh(gitDir: string, fetch: Fetch): Promise<string> {
    const isNew = await lstat(gitDir).then(
      () => false,
      () => true,
    );
    try {
      await this.prepare(gitDir, fetch);
      return await this.fetchInto(gitDir, fetch);
    } catch (cause) {
      if (!(cause instanceof MirrorDamage) || isNew) throw cause;
      return this.makeAfresh(gitDir, fetch, cause);
    }
  }

  /** The damaged mirror keeps its place until another has taken it: a server that is away costs no mirror. */
  private async makeAfresh(gitDir: string, fetch: Fetch, damage: MirrorDamage): Promise<string> {
    const fresh = join(this.scratch, newId());
    try {
      await prepareMirror(fresh, fetch.request.source.url);
      const commit = await this.fetchInto(fresh, fetch);
      await this.discard(gitDir);
      await rename(fresh, gitDir);
      fetch.notes.push(
        `The copy of ${fetch.repository} on the delegate was damaged and has been fetched afresh (${damage.message})`,
      );
      return commit;
    } catch (cause) {
      await rm(fresh, { recursive: true, force: true });
      throw cause;
    }
  }

  private async discard(gitDir: string): Promise<void> {
    this.makings.set(gitDir, this.makingOf(gitDir) + 1);
    await mkdir(this.scratch, { recursive: true, mode: 0o700 });
    const gone = join(this.scratch, newId());
    const isThere = await rename(gitDir, gone).then(
      () => true,
      () => false,
    );
    // What cannot be removed is in nobody's way there.
    if (isThere) await rm(gone, { recursive: true, force: true }).catch(() => undefined);
  }

  private async prepare(gitDir: string, { notes, request }: Fetch): Promise<void> {
    try {
      await prepareMirror(gitDir, request.source.url);
      const locks = await removeLeftovers(gitDir);
      if (locks.length > 0)
        notes.push(
          `Removed what an interrupted fetch had left in the delegate's copy of the repository: ${locks.slice(0, 5).join(', ')}${locks.length > 5 ? ` and ${locks.length - 5} more` : ''}`,
        );
    } catch (cause) {
      throw new MirrorDamage('INTERNAL', messageOf(cause));
    }
  }

  private fetchInto(gitDir: string, fetch: Fetch): Promise<string> {
    return fetch.ref.kind === 'commit'
      ? this.fetchCommit(gitDir, fetch.ref.name, fetch)
      : this.fetchRef(gitDir, fetch.ref, fetch);
  }

  private async fetchRef(gitDir: string, ref: NamedRef, { repository, request }: Fetch): Promise<string> {
    const end = await this.onNetwork(
      'git fetch',
      gitDir,
      [...FETCH, '--', 'origin', `+${ref.remote}:${ref.kept}`],
      request,
    );
    this.outputOf(end, { repository, ref: `${ref.kind} "${ref.name}"` });
    // Names the commit without another process; for a tag it may be the tag's own object.
    const fetched = /^([0-9a-f]{40,64})\t/.exec(
      await readFile(join(gitDir, 'FETCH_HEAD'), 'utf8').catch(() => ''),
    )?.[1];
    if (fetched !== undefined && ref.kind === 'branch') return fetched;
    return (
      await this.local(gitDir, ['rev-parse', '--verify', '--end-of-options', `${ref.kept}^{commit}`], request.signal)
    ).trim();
  }

  /** Asked for by its id, which a server may answer for a commit on no branch too; else it has to be on a branch or tag the server shows. */
  private async fetchCommit(gitDir: string, commit: string, fetch: Fetch): Promise<string> {
    const { repository, request } = fetch;
    const isKnown = await this.hasCommit(gitDir, commit, request.signal);
    const end = isKnown
      ? await this.askForCommit(commit, request)
      : await this.onNetwork('git fetch', gitDir, [...FETCH, '--', 'origin', `+${commit}:refs/kept/commit`], request);
    if (end.status === 'failed' && !isOfServer(end.stderr)) return this.searchCommit(gitDir, commit, fetch);
    this.outputOf(end, { repository, ref: `commit ${commit}` });
    if (isKnown || (await this.hasCommit(gitDir, commit, request.signal))) return commit;
    throw new MirrorDamage('INTERNAL', `commit ${commit} was fetched and is not there`);
  }

  /** For servers that give no commit by its id. */
  private async searchCommit(gitDir: string, commit: string, { repository, request }: Fetch): Promise<string> {
    const end = await this.onNetwork(
      'git fetch',
      gitDir,
      [...FETCH, '--prune', '--', 'origin', '+refs/heads/*:refs/all/heads/*', '+refs/tags/*:refs/all/tags/*'],
      request,
    );
    this.outputOf(end, { repository, ref: `commit ${commit}` });
    const unknown = `commit ${commit} does not exist in ${repository}`;
    if (!(await this.hasCommit(gitDir, commit, request.signal))) throw new MirrorDamage('RESOURCE_NOT_FOUND', unknown);
    const holders = await this.local(
      gitDir,
      ['for-each-ref', '--count=1', '--contains', commit, 'refs/all'],
      request.signal,
    );
    if (holders.trim() === '')
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `${unknown} on any branch or tag, and its server gives no other commits`,
      );
    return commit;
  }

  private hasCommit(gitDir: string, commit: string, signal: AbortSignal): Promise<boolean> {
    return this.local(
      gitDir,
      ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`],
      signal,
    ).then(
      () => true,
      () => false,
    );
  }

  /** Whether the server gives the commit to these credentials: the commit alone, without its history and files, into an empty repository. */
  private async askForCommit(commit: string, request: FetchRequest): Promise<GitEnd> {
    const empty = join(this.scratch, newId());
    try {
      await prepareMirror(empty, request.source.url);
      return await this.onNetwork(
        'git fetch',
        empty,
        [...FETCH, '--depth=1', '--filter=tree:0', '--', 'origin', commit],
        request,
      );
    } finally {
      await rm(empty, { recursive: true, force: true });
    }
  }

  /** Many fetches leave many small packs. Packing them waits its turn like a fetch, and nobody waits for it. */
  private tidyLater(gitDir: string): void {
    const fetches = (this.fetches.get(gitDir) ?? 0) + 1;
    this.fetches.set(gitDir, fetches % TIDY_EVERY);
    if (fetches < TIDY_EVERY) return;
    void this.turns
      .take(gitDir, () => this.local(gitDir, ['gc', '--quiet'], new AbortController().signal))
      .catch(() => undefined);
  }

  private onNetwork(
    name: string,
    gitDir: string,
    args: readonly string[],
    { source, credentials, traceparent, signal }: FetchRequest,
  ): Promise<GitEnd> {
    const hop = { from: 'delegate', to: 'git', protocol: isSshAddress(source.url) ? 'ssh' : 'http' } as const;
    return this.tracing.run(
      name,
      {
        kind: 'client',
        parent: traceparent,
        hop,
        attributes: { 'sluice.git.repository': shownRepository(source.url) },
      },
      async (span) => {
        const ssh = await openSshSession(source.url, credentials, {
          folder: join(this.config.dataDir, 'ssh'),
          knownHostsFile: this.config.git.knownHostsFile,
        });
        const tooBig = new AbortController();
        const watch = setInterval(() => void this.checkSize(gitDir, tooBig), SIZE_CHECK_MS);
        const environment = {
          ...gitEnvironment(this.config.git.environment, credentials, span.traceparent),
          ...ssh.environment,
        };
        const { timeoutMs, stopGraceMs: graceMs } = this.config.git;
        const end = await runGit({
          args,
          cwd: gitDir,
          environment,
          timeoutMs,
          graceMs,
          signal: AbortSignal.any([signal, tooBig.signal]),
        }).finally(() => {
          clearInterval(watch);
          return ssh.close();
        });
        if (tooBig.signal.aborted) {
          await rm(gitDir, { recursive: true, force: true });
          throw tooBig.signal.reason;
        }
        if (end.status === 'aborted') throw signal.reason;
        return end;
      },
    );
  }

  private async checkSize(gitDir: string, tooBig: AbortController): Promise<void> {
    const size = await sizeOf(join(gitDir, 'objects'));
    if (size <= this.config.git.maxBytes) return;
    tooBig.abort(
      new AppError(
        'PAYLOAD_TOO_LARGE',
        `the repository is larger than ${Math.round(this.config.git.maxBytes / 1024 / 1024)} MB, the limit of this delegate (DELEGATE_GIT_MAX_MB)`,
      ),
    );
  }

  /** @throws AppError for what the server refuses; MirrorDamage for what may as well be the mirror's own state */
  private outputOf(end: GitEnd, subject: Subject): string {
    if (end.status === 'ok') return end.stdout;
    if (end.status === 'timedOut')
      throw new AppError(
        'REQUEST_TIMEOUT',
        `${subject.repository} did not deliver within ${this.config.git.timeoutMs / 1000} s`,
      );
    const stderr = end.status === 'failed' ? end.stderr : '';
    const failure = gitFailure(stderr, subject);
    throw isOfServer(stderr) ? failure : new MirrorDamage(failure.code, failure.message, failure.details);
  }
}
