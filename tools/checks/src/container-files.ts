import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const INSTRUCTIONS = new Set([
  'FROM',
  'ARG',
  'ENV',
  'WORKDIR',
  'COPY',
  'RUN',
  'USER',
  'HEALTHCHECK',
  'ENTRYPOINT',
  'CMD',
  'VOLUME',
  'EXPOSE',
  'LABEL',
]);

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string().optional(),
      build: z
        .object({ context: z.string(), dockerfile: z.string(), args: z.record(z.string(), z.string()).optional() })
        .optional(),
      depends_on: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).optional(),
      volumes: z.array(z.string()).optional(),
      env_file: z.array(z.string()).optional(),
      read_only: z.boolean().optional(),
      cap_drop: z.array(z.string()).optional(),
      security_opt: z.array(z.string()).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()).optional(),
});

type ComposeFile = z.output<typeof composeFile>;

/** What is wrong with the files under `docker/`; they are not built in tests, so what can be known without building is checked. */
export function containerComplaints(root: string): string[] {
  const folder = join(root, 'docker');
  const files = readdirSync(folder);
  return [
    ...ignoreComplaints(readFileSync(join(root, '.dockerignore'), 'utf8')),
    ...files
      .filter((name) => name.endsWith('Dockerfile'))
      .flatMap((name) => dockerfileComplaints(name, readFileSync(join(folder, name), 'utf8'))),
    ...files
      .filter((name) => /^compose.*\.ya?ml$/.test(name))
      .flatMap((name) => composeComplaints(root, name, readFileSync(join(folder, name), 'utf8'))),
  ];
}

const NEVER_SENT = ['docker/secrets', '.git', '**/node_modules'];

/** Pure: what stays out of the context of a build, and so of every layer and cache. */
export function ignoreComplaints(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return NEVER_SENT.filter((one) => !lines.includes(one)).map((one) => `.dockerignore: ${one} is sent to the build`);
}

/** Files that open everything of a service: one container sees each. */
const OWN_FILES = /^\.\/secrets\/(keys\/.*|.*-url.*|key-encryption-key|bootstrap)$/;
const IN_CONTAINER = '/run/sluice/';

/** Pure: what a container may do and which secrets it sees. */
export function isolationComplaints(
  services: ComposeFile['services'],
  environmentOf: (file: string) => string,
): string[] {
  const complaints: string[] = [];
  const holders = new Map<string, string>();
  for (const [service, one] of Object.entries(services)) {
    if (!one.read_only) complaints.push(`${service}: its root can be written (read_only: true is missing)`);
    if (!one.cap_drop?.includes('ALL'))
      complaints.push(`${service}: it keeps capabilities (cap_drop: [ALL] is missing)`);
    if (!one.security_opt?.includes('no-new-privileges:true'))
      complaints.push(`${service}: security_opt no-new-privileges:true is missing`);
    const mounts = (one.volumes ?? []).map((mount) => mount.split(':'));
    for (const [source = ''] of mounts) {
      if (/^\.\/secrets\/?$/.test(source)) complaints.push(`${service}: it sees the secrets of every service`);
      if (!OWN_FILES.test(source)) continue;
      const other = holders.get(source);
      if (other) complaints.push(`${service}: ${source} belongs to ${other} alone`);
      holders.set(source, service);
    }
    const targets = mounts.map(([, target = '']) => target);
    for (const file of one.env_file ?? []) {
      for (const [, name, path = ''] of environmentOf(file).matchAll(/^(\w+)=(\/\S+)$/gm)) {
        if (
          path.startsWith(IN_CONTAINER) &&
          !targets.some((target) => path === target || path.startsWith(`${target}/`))
        )
          complaints.push(`${service}: ${name} names ${path}, which is not mounted`);
      }
    }
  }
  return complaints;
}

/** Pure: pinned bases, known instructions, no root at the end, packages without extras and without a left-over index, a health check. */
export function dockerfileComplaints(name: string, text: string): string[] {
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const instructions = lines.map((line) => ({ word: line.trim().split(/\s+/, 1)[0] ?? '', line }));
  const last = instructions.map(({ word }) => word).lastIndexOf('FROM');
  const finalStage = instructions.slice(last);
  const complaints: string[] = [];
  for (const { word, line } of instructions) {
    if (!INSTRUCTIONS.has(word)) complaints.push(`unknown instruction "${word}"`);
    if (word === 'FROM' && !/^FROM \S+:[\w.-]*\d[\w.-]*(@sha256:\w+)?( AS \w+)?$/.test(line.trim()))
      complaints.push(`base is not pinned: ${line.trim()}`);
    if (
      word === 'RUN' &&
      line.includes('apt-get install') &&
      !(line.includes('--no-install-recommends') && line.includes('rm -rf /var/lib/apt/lists'))
    )
      complaints.push('apt-get install without --no-install-recommends or without removing the index');
  }
  if (
    finalStage.findLast(({ word }) => word === 'USER')?.line.trim() === undefined ||
    /USER (root|0)\b/.test(finalStage.findLast(({ word }) => word === 'USER')?.line ?? '')
  )
    complaints.push('the last stage runs as root');
  const health = finalStage.find(({ word }) => word === 'HEALTHCHECK');
  if (!health) complaints.push('no HEALTHCHECK');
  if (health?.line.includes('http://')) complaints.push('HEALTHCHECK speaks clear text alone; use docker/health.mjs');
  if (!finalStage.some(({ word }) => word === 'ENTRYPOINT')) complaints.push('no ENTRYPOINT');
  return complaints.map((complaint) => `${name}: ${complaint}`);
}

function composeComplaints(root: string, name: string, text: string): string[] {
  const parsed = composeFile.safeParse(parse(text, { merge: true }));
  if (!parsed.success) return [`${name}: ${z.prettifyError(parsed.error)}`];
  const { services, volumes = {} } = parsed.data;
  const complaints: string[] = [];
  for (const [service, one] of Object.entries(services)) {
    if (!one.image && !one.build) complaints.push(`${service} has neither image nor build`);
    if (one.image && !one.build && !/:[\w.-]*\d/.test(one.image))
      complaints.push(`${service}: image is not pinned: ${one.image}`);
    if (one.build && !existsSync(join(root, one.build.dockerfile)))
      complaints.push(`${service}: ${one.build.dockerfile} does not exist`);
    const app = one.build?.args?.['APP'];
    if (app && !existsSync(join(root, 'apps', app))) complaints.push(`${service}: there is no app "${app}"`);
    const needed = Array.isArray(one.depends_on) ? one.depends_on : Object.keys(one.depends_on ?? {});
    for (const other of needed)
      if (!services[other]) complaints.push(`${service} depends on "${other}", which is not there`);
    for (const mount of one.volumes ?? []) {
      const source = mount.split(':', 1)[0] ?? '';
      if (!/^[./~]/.test(source) && !(source in volumes))
        complaints.push(`${service}: volume "${source}" is not declared`);
    }
  }
  complaints.push(...isolationComplaints(services, (file) => readFileSync(join(root, 'docker', file), 'utf8')));
  return complaints.map((complaint) => `${name}: ${complaint}`);
}
