import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { containerComplaints, dockerfileComplaints } from './container-files.js';

const GOOD = 'FROM node:20.20-slim\nRUN apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*\nUSER node\nHEALTHCHECK CMD ["x"]\nENTRYPOINT ["x"]\n';

describe('container files', () => {
  it('takes a Dockerfile that keeps the rules', () => expect(dockerfileComplaints('x', GOOD)).toEqual([]));

  it.each([
    ['a base without a version', GOOD.replace(':20.20-slim', ''), /pinned/],
    ['a base named latest', GOOD.replace('20.20-slim', 'latest'), /pinned/],
    ['root at the end', GOOD.replace('USER node\n', ''), /root/],
    ['a misspelt instruction', GOOD.replace('ENTRYPOINT', 'ENTRYPONT'), /unknown instruction/],
    ['packages with extras', GOOD.replace('--no-install-recommends ', ''), /apt-get/],
    ['no health check', GOOD.replace(/HEALTHCHECK.*\n/, ''), /HEALTHCHECK/],
  ])('complains about %s', (_, text, complaint) => expect(dockerfileComplaints('x', text).join()).toMatch(complaint));

  it('finds nothing wrong with the files of this repository', () => {
    expect(containerComplaints(resolve(dirname(fileURLToPath(import.meta.url)), '../../..'))).toEqual([]);
  });
});
