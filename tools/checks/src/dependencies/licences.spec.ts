import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { licenceComplaints, licenceSummary, licensedPackages } from './licences.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const left = (licence: string) => [{ name: 'left', version: '1.0.0', licence }];

describe('licences', () => {
  it.each(['MIT', 'Apache-2.0 AND MIT', '(MIT OR GPL-3.0)', '0BSD'])('as free as %s pass', (licence) =>
    expect(licenceComplaints(left(licence))).toEqual([]),
  );

  it.each(['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE IN FILE', 'unknown', 'MPL-2.0'])(
    'such as %s are named with the package',
    (licence) => {
      expect(licenceComplaints(left(licence))).toEqual([
        expect.stringContaining(`left 1.0.0 has the licence ${licence}; `),
      ]);
    },
  );

  it('of what is installed here were all looked at, jars included', () => {
    const packages = licensedPackages(root);
    expect(packages.length).toBeGreaterThan(300);
    expect(packages.map(({ name }) => name)).toContain('snakeyaml');
    expect(licenceComplaints(packages)).toEqual([]);
  });

  it('are counted, most first, and one that was accepted comes with its reason', () => {
    const packages = [...left('MIT'), ...left('MIT'), { name: 'lightningcss', version: '1.0.0', licence: 'MPL-2.0' }];
    expect(licenceSummary(packages)).toEqual([
      'MIT: 2 packages',
      expect.stringMatching(/^MPL-2\.0: 1 package \(.*it is not shipped\)$/),
    ]);
  });
});
