import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { containerComplaints, dockerfileComplaints, ignoreComplaints, isolationComplaints } from './container-files.js';

const GOOD =
  'FROM node:20.20-slim\nRUN apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*\nUSER node\nHEALTHCHECK CMD ["x"]\nENTRYPOINT ["x"]\n';

describe('container files', () => {
  it('takes a Dockerfile that keeps the rules', () => expect(dockerfileComplaints('x', GOOD)).toEqual([]));

  it.each([
    ['a base without a version', GOOD.replace(':20.20-slim', ''), /pinned/],
    ['a base named latest', GOOD.replace('20.20-slim', 'latest'), /pinned/],
    ['root at the end', GOOD.replace('USER node\n', ''), /root/],
    ['a misspelt instruction', GOOD.replace('ENTRYPOINT', 'ENTRYPONT'), /unknown instruction/],
    ['packages with extras', GOOD.replace('--no-install-recommends ', ''), /apt-get/],
    [
      'a health check that cannot speak TLS',
      GOOD.replace('HEALTHCHECK CMD ["x"]', 'HEALTHCHECK CMD curl http://127.0.0.1/health/ready'),
      /clear text/,
    ],
    ['no health check', GOOD.replace(/HEALTHCHECK.*\n/, ''), /HEALTHCHECK/],
  ])('complains about %s', (_, text, complaint) => expect(dockerfileComplaints('x', text).join()).toMatch(complaint));

  const LOCKED = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
  it.each([
    [
      'a container that sees all secrets',
      { a: { ...LOCKED, volumes: ['./secrets:/run/sluice:ro'] } },
      /a: it sees the secrets of every service/,
    ],
    [
      'a private key in two containers',
      {
        a: { ...LOCKED, volumes: ['./secrets/keys/a.key:/x:ro'] },
        b: { ...LOCKED, volumes: ['./secrets/keys/a.key:/x:ro'] },
      },
      /b: .*a\.key belongs to a alone/,
    ],
    ['a root that can be written', { a: { ...LOCKED, read_only: false } }, /read_only/],
    ['capabilities that are kept', { a: { ...LOCKED, cap_drop: [] } }, /cap_drop/],
    ['programs that may gain rights', { a: { ...LOCKED, security_opt: [] } }, /no-new-privileges/],
    [
      'a configured file that is not mounted',
      { a: { ...LOCKED, env_file: ['a.env'] } },
      /A_KEY_FILE names \/run\/sluice\/service\.key, which is not mounted/,
    ],
  ])('complains about %s', (_, services, complaint) => {
    expect(isolationComplaints(services, () => 'A_PORT=1\nA_KEY_FILE=/run/sluice/service.key\n').join()).toMatch(
      complaint,
    );
  });

  it('complains about secrets that are sent to a build', () =>
    expect(ignoreComplaints('.git\n**/node_modules\n')).toEqual([
      '.dockerignore: docker/secrets is sent to the build',
    ]));

  it('finds nothing wrong with the files of this repository', () => {
    expect(containerComplaints(resolve(dirname(fileURLToPath(import.meta.url)), '../../..'))).toEqual([]);
  });
});
