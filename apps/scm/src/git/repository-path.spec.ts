import { describe, expect, it } from '@jest/globals';
import { followLink, repositoryPath } from './repository-path.js';

describe('paths in a repository', () => {
  it.each([
    ['db/changelog.xml', 'db/changelog.xml'],
    ['./db//changelog.xml', 'db/changelog.xml'],
    ['db/x/../changelog.xml', 'db/changelog.xml'],
  ])('%s is %s', (path, clean) => expect(repositoryPath(path)).toBe(clean));

  it.each(['../x', 'a/../../x', '/etc/passwd', 'C:/x', 'a\\b', 'a\0b', '.', 'db/', '.git/config', 'a/.GIT/config'])(
    'refuses "%s"',
    (path) => {
      expect(() => repositoryPath(path)).toThrow(expect.objectContaining({ code: 'PATH_OUTSIDE_REPOSITORY' }));
    },
  );

  it('follows a link inside the repository and refuses one that leaves it', () => {
    expect(followLink('db/latest.xml', '../old/v1.xml')).toBe('old/v1.xml');
    expect(() => followLink('db/latest.xml', '../../etc/passwd')).toThrow(/leaves the repository/);
    expect(() => followLink('db/latest.xml', '/etc/passwd')).toThrow(/outside the repository/);
  });
});
