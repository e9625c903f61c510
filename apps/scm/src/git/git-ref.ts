import { AppError } from '@sluice/kernel';

/** A ref as people write it: a commit, a full ref name, or the short name of a branch or tag. */
export type GitRef =
  | { readonly kind: 'commit'; readonly sha: string }
  | { readonly kind: 'name'; readonly candidates: readonly string[] };

/**
 * Only full names ever reach git (`refs/heads/…`), so a branch called `--upload-pack=x` is a branch and nothing else.
 * @throws AppError INVALID_REQUEST for what git itself would not take as a name
 */
export function parseRef(ref: string): GitRef {
  if (/^[0-9a-f]{40}$/i.test(ref)) return { kind: 'commit', sha: ref.toLowerCase() };
  const isBad =
    /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|\.lock(\/|$)|(^|\/)\./.test(ref) ||
    ref === '' ||
    ref === '@';
  if (isBad)
    throw new AppError('INVALID_REQUEST', `"${ref}" is not a branch, tag or commit`, {
      fields: [{ field: 'ref', error: 'is not a valid Git ref name' }],
    });
  if (ref === 'HEAD') return { kind: 'name', candidates: ['HEAD'] };
  if (ref.startsWith('refs/')) return { kind: 'name', candidates: [ref] };
  return { kind: 'name', candidates: [`refs/heads/${ref}`, `refs/tags/${ref}`] };
}

/** Lines of `git ls-remote`: name → object. A peeled tag (`^{}`) replaces the tag object by its commit. */
export function parseRemoteRefs(text: string): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{40,64})\t(\S.*)$/.exec(line);
    if (match?.[1] && match[2]) refs.set(match[2].replace(/\^\{\}$/, ''), match[1]);
  }
  return refs;
}

/** Branch HEAD points to, from `git ls-remote --symref`; null when the server does not say or HEAD is detached. */
export function parseDefaultBranch(text: string): string | null {
  return /^ref: refs\/heads\/(\S.*)\tHEAD$/m.exec(text)?.[1] ?? null;
}
