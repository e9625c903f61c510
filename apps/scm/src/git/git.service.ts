import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { LIMITS, AppError, noSpace, type RequestContext } from '@sluice/kernel';
import type { RepositoryAccess, listBranches, listCommits, readRepositoryFile } from '@sluice/scm-api';
import { AddressPolicy, type DialTarget } from './address-policy.js';
import { gitFailure } from './git-errors.js';
import { GitExit, GitProcesses, type GitConfig } from './git-process.js';
import { parseDefaultBranch, parseRef, parseRemoteRefs } from './git-ref.js';
import { RepositoryCache } from './repository-cache.js';
import { followLink, repositoryPath } from './repository-path.js';

const TIME_LIMIT_MS = 20_000;
const MAX_LINKS = 5;

/** One request's repository: where it is cached, how git reaches it, until when. */
interface Session {
  readonly accountId: string;
  readonly target: DialTarget;
  readonly folder: string;
  readonly config: GitConfig;
  readonly signal: AbortSignal;
}

/** Reads repositories over HTTP. Every call proves its credentials to the server, also when the answer is in the cache. */
@Injectable()
export class GitService {
  constructor(
    private readonly policy: AddressPolicy,
    private readonly cache: RepositoryCache,
    private readonly processes: GitProcesses,
  ) {}

  /** One text file of at most 1 MiB. @throws AppError GIT_CONNECTION_ERROR, GIT_FILE_NOT_FOUND, PATH_OUTSIDE_REPOSITORY, PAYLOAD_TOO_LARGE */
  async readFile(
    ctx: RequestContext,
    access: RepositoryAccess,
    ref: string,
    path: string,
  ): Promise<RouteResult<typeof readRepositoryFile>> {
    const wanted = repositoryPath(path);
    return this.inRepository(ctx, access, async (session) => {
      const commit = await this.fetch(session, ref, 1);
      const blob = await this.findBlob(session, commit, wanted);
      if (blob.kind !== 'file')
        throw noFile(blob.kind, path, `${ref} (commit ${commit.slice(0, 10)}) of ${session.target.url}`);
      const bytes = await this.readBlob(session, blob.object, path);
      return { path: wanted, commit, content: decode(bytes, path), sizeBytes: bytes.length };
    });
  }

  async branches(
    ctx: RequestContext,
    access: RepositoryAccess,
    { search, limit }: { search?: string | undefined; limit: number },
  ): Promise<RouteResult<typeof listBranches>> {
    return this.inRepository(ctx, access, async (session) => {
      const text = (await this.git(session, ['ls-remote', '--symref', 'origin', 'HEAD', 'refs/heads/*'])).toString();
      const needle = search?.toLowerCase();
      const branches = [...parseRemoteRefs(text)]
        .filter(([name]) => name.startsWith('refs/heads/'))
        .map(([name, commit]) => ({ name: name.slice('refs/heads/'.length), commit }))
        .filter(({ name }) => !needle || name.toLowerCase().includes(needle));
      return { branches: branches.slice(0, limit), defaultBranch: parseDefaultBranch(text) };
    });
  }

  async commits(
    ctx: RequestContext,
    access: RepositoryAccess,
    ref: string,
    limit: number,
  ): Promise<RouteResult<typeof listCommits>> {
    return this.inRepository(ctx, access, async (session) => {
      const commit = await this.fetch(session, ref, limit);
      const text = (
        await this.git(session, [
          'log',
          `--max-count=${limit}`,
          '--no-show-signature',
          '--format=%H%x00%an%x00%at%x00%s%x00',
          '--end-of-options',
          commit,
        ])
      ).toString();
      const fields = text.split('\0');
      const count = Math.floor(fields.length / 4);
      const commits = Array.from({ length: count }, (_, at) => fields.slice(at * 4, at * 4 + 4)).map(
        ([sha = '', author = '', at = '0', subject = '']) => ({
          sha: sha.trim(),
          author,
          at: Number(at) * 1000,
          subject,
        }),
      );
      return { commits };
    });
  }

  private async inRepository<T>(
    ctx: RequestContext,
    access: RepositoryAccess,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(TIME_LIMIT_MS);
    const signal = AbortSignal.any([ctx.signal, timeout]);
    const target = await this.policy.admit(access.url);
    try {
      return await this.cache.use(ctx.accountId, target.url, signal, (folder, ends) =>
        work({ accountId: ctx.accountId, target, folder, signal: ends, config: configOf(ctx, target, access) }),
      );
    } catch (cause) {
      if (timeout.aborted)
        throw new AppError(
          'GIT_CONNECTION_ERROR',
          `${target.url} did not answer within ${TIME_LIMIT_MS / 1000} s`,
          {},
          { cause },
        );
      const full = noSpace(cause);
      if (full) throw full;
      if (cause instanceof GitExit) throw gitFailure(target.url, cause.stderr);
      throw cause;
    }
  }

  /** Makes the commit `ref` names present with `depth` commits of history. The look at the remote comes first: it checks the credentials. */
  private async fetch(session: Session, ref: string, depth: number): Promise<string> {
    const parsed = parseRef(ref);
    const patterns = parsed.kind === 'commit' ? ['HEAD'] : parsed.candidates.flatMap((name) => [name, `${name}^{}`]);
    const refs = parseRemoteRefs((await this.git(session, ['ls-remote', 'origin', ...patterns])).toString());
    const name = parsed.kind === 'name' ? parsed.candidates.find((candidate) => refs.has(candidate)) : undefined;
    const commit = parsed.kind === 'commit' ? parsed.sha : name && refs.get(name);
    if (!commit)
      throw new AppError('GIT_FILE_NOT_FOUND', `${session.target.url} has no branch or tag "${ref}"`, {
        fields: [{ field: 'ref', error: 'does not exist in the repository' }],
      });
    if (depth === 1 && existsSync(markOf(session, commit))) return commit;
    try {
      await this.git(session, [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-recurse-submodules',
        `--depth=${depth}`,
        '--filter=blob:none',
        'origin',
        name ?? commit,
      ]);
    } catch (cause) {
      if (cause instanceof GitExit && /not our ref|no such remote ref|unadvertised object/i.test(cause.stderr)) {
        throw new AppError(
          'GIT_FILE_NOT_FOUND',
          `${session.target.url} has no commit ${commit}, or does not hand out single commits`,
          { fields: [{ field: 'ref', error: 'does not exist in the repository' }] },
          { cause },
        );
      }
      throw cause;
    }
    // The branch may have moved since the look at the remote: what was fetched is what counts.
    const fetched = (await this.git(session, ['rev-parse', '--verify', '--quiet', 'FETCH_HEAD^{commit}']))
      .toString()
      .trim();
    await this.git(session, ['update-ref', `refs/sluice/${fetched}`, fetched]);
    return fetched;
  }

  private async findBlob(session: Session, commit: string, path: string): Promise<Found> {
    let place = path;
    for (let links = 0; links <= MAX_LINKS; links += 1) {
      const text = (await this.git(session, ['ls-tree', '-z', '--full-tree', commit, '--', place])).toString();
      const [, mode, type, object] = /^(\d+) (\w+) ([0-9a-f]+)\t/.exec(text) ?? [];
      if (type === 'tree') return { kind: 'folder' };
      if (type !== 'blob' || !object) return { kind: 'nothing' };
      if (mode !== '120000') return { kind: 'file', object };
      place = followLink(place, (await this.readBlob(session, object, place)).toString());
    }
    throw new AppError('GIT_FILE_NOT_FOUND', `"${path}" is a chain of more than ${MAX_LINKS} symbolic links`);
  }

  private async readBlob(session: Session, blob: string, path: string): Promise<Buffer> {
    const sizeBytes = Number((await this.git(session, ['cat-file', '-s', blob])).toString());
    if (sizeBytes > LIMITS.gitFileBytes)
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `"${path}" has ${sizeBytes} bytes; files of at most ${LIMITS.gitFileBytes} bytes can be read`,
      );
    return this.git(session, ['cat-file', 'blob', blob]);
  }

  private git(session: Session, args: readonly string[]): Promise<Buffer> {
    return this.processes.run({
      args,
      cwd: session.folder,
      config: session.config,
      signal: session.signal,
      accountId: session.accountId,
    });
  }
}

/** What a path leads to in a commit. */
type Found = { readonly kind: 'file'; readonly object: string } | { readonly kind: 'folder' | 'nothing' };

function noFile(found: 'folder' | 'nothing', path: string, where: string): AppError {
  const [message, error] =
    found === 'folder'
      ? [`"${path}" is a folder at ${where}; name a file in it`, 'is a folder']
      : [`there is no file "${path}" at ${where}`, 'does not exist at this ref'];
  return new AppError('GIT_FILE_NOT_FOUND', message, { fields: [{ field: 'path', error }] });
}

/** A ref of ours says that a commit and its trees are here. */
function markOf(session: Session, commit: string): string {
  return join(session.folder, 'refs/sluice', commit);
}

function configOf(ctx: RequestContext, target: DialTarget, access: RepositoryAccess): GitConfig {
  const pinned = target.addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
  const credentials =
    access.password === undefined && access.username === undefined
      ? undefined
      : Buffer.from(`${access.username ?? ''}:${access.password ?? ''}`).toString('base64');
  return [
    ...(pinned ? ([['http.curloptResolve', `${target.host}:${target.port}:${pinned}`]] as const) : []),
    ...(credentials ? ([['http.extraHeader', `Authorization: Basic ${credentials}`]] as const) : []),
    ...(ctx.traceparent ? ([['http.extraHeader', `traceparent: ${ctx.traceparent}`]] as const) : []),
  ];
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError(
      'INVALID_REQUEST',
      `"${path}" is not a text file in UTF-8`,
      { fields: [{ field: 'path', error: 'is not a UTF-8 text file' }] },
      { cause },
    );
  }
}
