import { describe, expect, it } from '@jest/globals';
import { parseDefaultBranch, parseRef, parseRemoteRefs } from './git-ref.js';

describe('refs', () => {
  it('looks for a short name among branches first, then tags', () => {
    expect(parseRef('v1')).toEqual({ kind: 'name', candidates: ['refs/heads/v1', 'refs/tags/v1'] });
  });

  it('takes forty hex digits as a commit', () => {
    expect(parseRef('A'.repeat(40))).toEqual({ kind: 'commit', sha: 'a'.repeat(40) });
  });

  it('gives an option-like name to git as a full ref only', () => {
    expect(parseRef('--output=x')).toEqual({
      kind: 'name',
      candidates: ['refs/heads/--output=x', 'refs/tags/--output=x'],
    });
  });

  it.each([
    '',
    'a b',
    'a..b',
    'a^',
    'a~1',
    'a:b',
    'x/../y',
    'refs//heads',
    '/main',
    'main/',
    'a@{1}',
    'a\nb',
    '.hidden',
    'a.lock',
    '*',
  ])('refuses "%s"', (ref) => {
    expect(() => parseRef(ref)).toThrow(/not a branch, tag or commit/);
  });

  it('reads what the server lists, with tags peeled to their commit', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
    const refs = parseRemoteRefs(
      `ref: refs/heads/main\tHEAD\n${a}\tHEAD\n${a}\trefs/heads/main\n${b}\trefs/tags/v1\n${c}\trefs/tags/v1^{}\n`,
    );
    expect([refs.get('refs/heads/main'), refs.get('refs/tags/v1')]).toEqual([a, c]);
  });

  it('finds the default branch when the server says it', () => {
    expect(parseDefaultBranch('ref: refs/heads/trunk\tHEAD\n')).toBe('trunk');
    expect(parseDefaultBranch('')).toBeNull();
  });
});
