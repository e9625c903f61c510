import { describe, expect, it } from '@jest/globals';

import { groupByOrganization } from './project-groups.js';

const project = (orgIdentifier: string, name: string) => ({ orgIdentifier, identifier: name.toLowerCase(), name });

describe('projects on the first page', () => {
  it('stand under their organization by name, which falls back to its identifier', () => {
    const groups = groupByOrganization(
      [project('z', 'Beta'), project('a', 'Gamma'), project('z', 'Alpha')],
      [{ identifier: 'z', name: 'Aardvark' }],
    );
    expect(groups.map((group) => [group.orgName, group.projects.map((item) => item.name)])).toEqual([
      ['a', ['Gamma']],
      ['Aardvark', ['Alpha', 'Beta']],
    ]);
  });
});
