import { createHash } from 'node:crypto';
import { WHOLE_COMMIT_ID_RULE, isWholeCommitId, type GitSource } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';

/** A branch or tag: `remote` is its full name on the server, `kept` the one it has in a mirror. */
export interface NamedRef {
  readonly kind: 'branch' | 'tag';
  readonly name: string;
  readonly remote: string;
  readonly kept: string;
}

export type Ref = NamedRef | { readonly kind: 'commit'; readonly name: string };

/** What a source asks for. @throws AppError INVALID_REQUEST for none, several, or a name Git does not allow */
export function refOf(source: GitSource): Ref {
  const named = [source.branch, source.gitTag, source.commitSha].filter((value) => value !== undefined && value !== '');
  if (named.length !== 1)
    throw new AppError('INVALID_REQUEST', `source ${source.name}: name exactly one of branch, tag and commit`);
  if (source.branch) return namedRef('branch', source.branch, `refs/heads/${checkedName('branch', source.branch)}`);
  if (source.gitTag) return namedRef('tag', source.gitTag, `refs/tags/${checkedName('tag', source.gitTag)}`);
  const commit = source.commitSha ?? '';
  if (!isWholeCommitId(commit))
    throw new AppError('INVALID_REQUEST', `commit: "${commit.slice(0, 80)}" is no commit id; ${WHOLE_COMMIT_ID_RULE}`);
  return { kind: 'commit', name: commit.toLowerCase() };
}

/**
 * The name in the mirror is a digest: names on the server change between `a` and `a/b`, which no two refs of one repository may have, and
 * what the mirror remembers of old ones must never be in the way.
 */
function namedRef(kind: 'branch' | 'tag', name: string, remote: string): NamedRef {
  return { kind, name, remote, kept: `refs/kept/${createHash('sha256').update(remote).digest('hex').slice(0, 32)}` };
}

/** The rules of `git check-ref-format`, so that a name can be neither an option nor a pattern nor another ref. */
export function checkedName(kind: 'branch' | 'tag', name: string): string {
  const isBad =
    /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|^\/|\/$|\.$|(^|\/)\./.test(name) || name.length > 255;
  if (isBad) throw new AppError('INVALID_REQUEST', `${kind}: "${name.slice(0, 80)}" is not a ${kind} name Git allows`);
  return name;
}
