import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stepResult, type StepResult } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';
import { z } from 'zod';
import type { IssuedCertificate } from './pod-certificates.js';

const record = z.object({
  podId: z.string().nullable(),
  address: z.string(),
  processes: z.array(
    z.object({ role: z.enum(['engine', 'step']), pid: z.number().int(), startTicks: z.string().nullable() }),
  ),
});
/** What a later delegate process needs to know to clean up after this one. */
export type PodRecord = z.infer<typeof record>;

const leaseRecord = z.object({ taskId: z.string(), epoch: z.number().int() });
type LeaseRecord = z.infer<typeof leaseRecord>;

/** Identifiers become names of folders and files. @throws AppError INVALID_REQUEST */
export function checkedId(what: string, id: string): string {
  if (/^[\w-]{1,100}$/.test(id)) return id;
  throw new AppError('INVALID_REQUEST', `${what}: "${id.slice(0, 100)}" must be 1 to 100 letters, digits, "_" or "-"`);
}

/** A pod's private directory (0700): trees, secrets, TLS files, what its processes wrote, and the record for the reaper. */
export class PodDirectory {
  private constructor(readonly path: string) {}

  static async create(parent: string, name: string): Promise<PodDirectory> {
    const path = join(parent, name);
    for (const folder of ['log', 'tls', 'sources', 'secrets', 'steps'])
      await mkdir(join(path, folder), { recursive: true, mode: 0o700 });
    return new PodDirectory(path);
  }

  /** Directories of pods below `parent`, whoever made them. */
  static async list(parent: string): Promise<readonly PodDirectory[]> {
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => new PodDirectory(join(parent, entry.name)));
  }

  /** What the engine keeps of its steps: results, and logs that were not stored yet. */
  get stepsPath(): string {
    return join(this.path, 'steps');
  }

  logFile(name: string): string {
    return join(this.path, 'log', `${name}.log`);
  }

  /** Writes a party's TLS files and answers with their paths. */
  async writeTls(
    name: string,
    ca: string,
    issued: IssuedCertificate,
  ): Promise<{ ca: string; cert: string; key: string }> {
    const paths = {
      ca: join(this.path, 'tls', 'ca.pem'),
      cert: join(this.path, 'tls', `${name}.pem`),
      key: join(this.path, 'tls', `${name}.key`),
    };
    await Promise.all([
      writeFile(paths.ca, ca, { mode: 0o600 }),
      writeFile(paths.cert, issued.cert, { mode: 0o600 }),
      writeFile(paths.key, issued.key, { mode: 0o600 }),
    ]);
    return paths;
  }

  async writeRecord(value: PodRecord): Promise<void> {
    const path = join(this.path, 'pod.json');
    await writeFile(`${path}.part`, JSON.stringify(value), { mode: 0o600 });
    await rename(`${path}.part`, path);
  }

  /** Undefined when there is none, or none that can be read. */
  async readRecord(): Promise<PodRecord | undefined> {
    const parsed = record.safeParse(await readJson(join(this.path, 'pod.json')));
    return parsed.success ? parsed.data : undefined;
  }

  /** Whose leases the steps ran under that had not reported (see `StepLeases`). */
  async leases(): Promise<readonly (LeaseRecord & { readonly stepExecutionId: string })[]> {
    const names = await readdir(join(this.path, 'steps')).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith('.lease.json'))
        .map(async (name) => ({
          stepExecutionId: name.slice(0, -'.lease.json'.length),
          parsed: leaseRecord.safeParse(await readJson(join(this.path, 'steps', name))),
        })),
    );
    return found.flatMap(({ stepExecutionId, parsed }) =>
      parsed.success ? [{ stepExecutionId, ...parsed.data }] : [],
    );
  }

  /** What the engine recorded when the step ended. */
  async result(stepExecutionId: string): Promise<StepResult | undefined> {
    const parsed = stepResult.safeParse(await readJson(join(this.path, 'steps', `${stepExecutionId}.result.json`)));
    return parsed.success ? parsed.data : undefined;
  }

  /** First of all: whatever keeps the rest of the pod, its secrets go. */
  async removeSecrets(): Promise<void> {
    await rm(join(this.path, 'secrets'), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}
