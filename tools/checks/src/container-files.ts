import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const INSTRUCTIONS = new Set(['FROM', 'ARG', 'ENV', 'WORKDIR', 'COPY', 'RUN', 'USER', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD', 'VOLUME', 'EXPOSE', 'LABEL']);

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string().optional(),
      build: z.object({ context: z.string(), dockerfile: z.string(), args: z.record(z.string(), z.string()).optional() }).optional(),
      depends_on: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).optional(),
      volumes: z.array(z.string()).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()).optional(),
});

/** What is wrong with the files under `docker/`; they are not built in tests, so what can be known without building is checked. */
export function containerComplaints(root: string): string[] {
  const folder = join(root, 'docker');
  const files = readdirSync(folder);
  return [
    ...files.filter((name) => name.endsWith('Dockerfile')).flatMap((name) => dockerfileComplaints(name, readFileSync(join(folder, name), 'utf8'))),
    ...files.filter((name) => /^compose.*\.ya?ml$/.test(name)).flatMap((name) => composeComplaints(root, name, readFileSync(join(folder, name), 'utf8'))),
  ];
}

/** Pure: pinned bases, known instructions, no root at the end, packages without extras and without a left-over index, a health check. */
export function dockerfileComplaints(name: string, text: string): string[] {
  const lines = text.replace(/\\\n/g, ' ').split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const instructions = lines.map((line) => ({ word: line.trim().split(/\s+/, 1)[0] ?? '', line }));
  const last = instructions.map(({ word }) => word).lastIndexOf('FROM');
  const finalStage = instructions.slice(last);
  const complaints: string[] = [];
  for (const { word, line } of instructions) {
    if (!INSTRUCTIONS.has(word)) complaints.push(`unknown instruction "${word}"`);
    if (word === 'FROM' && !/^FROM \S+:[\w.-]*\d[\w.-]*(@sha256:\w+)?( AS \w+)?$/.test(line.trim())) complaints.push(`base is not pinned: ${line.trim()}`);
    if (word === 'RUN' && line.includes('apt-get install') && !(line.includes('--no-install-recommends') && line.includes('rm -rf /var/lib/apt/lists'))) complaints.push('apt-get install without --no-install-recommends or without removing the index');
  }
  if (finalStage.findLast(({ word }) => word === 'USER')?.line.trim() === undefined || /USER (root|0)\b/.test(finalStage.findLast(({ word }) => word === 'USER')?.line ?? '')) complaints.push('the last stage runs as root');
  if (!finalStage.some(({ word }) => word === 'HEALTHCHECK')) complaints.push('no HEALTHCHECK');
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
    if (one.image && !one.build && !/:[\w.-]*\d/.test(one.image)) complaints.push(`${service}: image is not pinned: ${one.image}`);
    if (one.build && !existsSync(join(root, one.build.dockerfile))) complaints.push(`${service}: ${one.build.dockerfile} does not exist`);
    const app = one.build?.args?.['APP'];
    if (app && !existsSync(join(root, 'apps', app))) complaints.push(`${service}: there is no app "${app}"`);
    const needed = Array.isArray(one.depends_on) ? one.depends_on : Object.keys(one.depends_on ?? {});
    for (const other of needed) if (!services[other]) complaints.push(`${service} depends on "${other}", which is not there`);
    for (const mount of one.volumes ?? []) {
      const source = mount.split(':', 1)[0] ?? '';
      if (!/^[./~]/.test(source) && !(source in volumes)) complaints.push(`${service}: volume "${source}" is not declared`);
    }
  }
  return complaints.map((complaint) => `${name}: ${complaint}`);
}
