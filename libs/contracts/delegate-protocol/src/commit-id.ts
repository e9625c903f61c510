/** What is wrong with a text that should name a commit by its whole id, with the remedy. */
export const WHOLE_COMMIT_ID_RULE =
  'write the whole commit id, 40 hexadecimal digits (64 in a SHA-256 repository), as "git rev-parse" shows it; an abbreviated id may come to name another commit';

/** A whole commit id of Git: 40 hexadecimal digits, or 64 in a SHA-256 repository. */
export function isWholeCommitId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text);
}
