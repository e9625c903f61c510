import { existsSync } from 'node:fs';
import { startGit, type FileChanges, type GitCredentials, type GitOptions, type GitRequest } from '@sluice/testing';

/** Who asked, by User-Agent: `scm` and `delegate` name themselves, anything else is a `client`. */
type GitCaller = 'scm' | 'delegate' | 'client';

/** A request the Git server has seen, with its caller. */
type SeenGitRequest = GitRequest & { readonly caller: GitCaller };

export interface GitServerOptions {
  readonly folder: string;
  readonly port: number;
  readonly credentials?: GitOptions['credentials'];
  /** Who may push; everybody on this machine when absent. */
  readonly pushCredentials?: GitCredentials;
  readonly onRequest?: (request: SeenGitRequest) => void;
}

/** The stack's Git server: repositories that stay, on loopback, open to readers. */
export interface GitServer {
  /** `http://127.0.0.1:<port>`; repositories are `<url>/<name>.git`. */
  readonly url: string;
  /** The newest requests. */
  readonly requests: readonly SeenGitRequest[];
  urlOf(name: string): string;
  hasRepository(name: string): boolean;
  /** Creates a repository whose branch `main` holds these files. Answers the commit. @throws Error when it exists */
  createRepository(name: string, files: FileChanges): Promise<string>;
  /** Commits on top of a branch (a new one starts from `main`). Answers the commit. */
  commit(
    name: string,
    files: FileChanges,
    options?: { readonly branch?: string; readonly message?: string },
  ): Promise<string>;
  close(): Promise<void>;
}

/** Who pushes to the stack's Git server. */
export const GIT_USER = 'sluice';
const REMEMBERED_REQUESTS = 1_000;

export async function startGitServer({
  folder,
  port,
  credentials,
  pushCredentials,
  onRequest,
}: GitServerOptions): Promise<GitServer> {
  const requests: SeenGitRequest[] = [];
  const server = await startGit({
    folder,
    port,
    allowPush: pushCredentials ?? true,
    author: 'Sluice',
    ...(credentials ? { credentials } : {}),
    onRequest: (request) => {
      const seen = { ...request, caller: callerOf(request.userAgent) };
      requests.push(seen);
      if (requests.length > REMEMBERED_REQUESTS) requests.shift();
      onRequest?.(seen);
    },
  });
  const hasRepository = (name: string): boolean => existsSync(server.folderOf(name));
  return {
    url: server.url,
    requests,
    urlOf: (name) => server.urlOf(name),
    hasRepository,
    createRepository: async (name, files) => {
      if (hasRepository(name)) throw new Error(`repository ${name} exists already`);
      return server.commit(name, files, { message: 'First version' });
    },
    commit: (name, files, options) => server.commit(name, files, { ...options, from: 'main' }),
    close: () => server.stop(),
  };
}

function callerOf(userAgent: string): GitCaller {
  const name = /^sluice-(scm|delegate)\b/.exec(userAgent)?.[1];
  return name === 'scm' || name === 'delegate' ? name : 'client';
}
