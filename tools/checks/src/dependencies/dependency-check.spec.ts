import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import {
  acceptedVulnerabilities,
  compareVersions,
  installedPackages,
  jarComplaints,
  vulnerabilityComplaints,
} from './dependency-check.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const weakness = {
  id: 'CVE-1',
  ecosystem: 'npm',
  package: 'left',
  introduced: '1.2.0',
  fixed: '1.10.0',
  summary: 'it falls',
} as const;
const left = (version: string) => [{ ecosystem: 'npm', name: 'left', version }] as const;

describe('known vulnerabilities', () => {
  it.each([
    ['1.1.9', 0],
    ['1.2.0', 1],
    ['1.9.99', 1],
    ['1.10.0', 0],
    ['2.0.0', 0],
    ['1.3.0-beta.2', 1],
  ])('of version %s are %i', (version, count) => {
    expect(vulnerabilityComplaints(left(version), [weakness])).toHaveLength(count);
  });

  it('name the package, the weakness and the remedy, and are silent when they were accepted with a reason', () => {
    expect(vulnerabilityComplaints(left('1.5.0'), [weakness])).toEqual([
      expect.stringMatching(/^left 1\.5\.0: CVE-1 \(it falls\); take 1\.10\.0 or later/),
    ]);
    expect(vulnerabilityComplaints(left('1.5.0'), [{ ...weakness, accepted: 'nobody leans on it' }])).toEqual([]);
    expect(acceptedVulnerabilities(left('1.5.0'), [{ ...weakness, accepted: 'nobody leans on it' }])).toEqual([
      'left 1.5.0: CVE-1: nobody leans on it',
    ]);
  });

  it('of another ecosystem do not count', () =>
    expect(vulnerabilityComplaints(left('1.5.0'), [{ ...weakness, ecosystem: 'maven' }])).toEqual([]));

  it('are none in what is installed here, jars included', () => {
    const installed = installedPackages(root);
    expect(installed.length).toBeGreaterThan(300);
    expect(installed).toContainEqual({ ecosystem: 'maven', name: 'snakeyaml', version: '2.2' });
    expect(vulnerabilityComplaints(installed)).toEqual([]);
  });

  it('compare versions by number', () =>
    expect(['1.10.0', '1.9', '1.9.1', '0'].sort(compareVersions)).toEqual(['0', '1.9', '1.9.1', '1.10.0']));
});

describe('jars of the change engine', () => {
  it('are the ones that were looked at, byte for byte', () => expect(jarComplaints(root)).toEqual([]));
});
