import { messageOf } from '@sluice/kernel';
import { z } from 'zod';
import type { ProjectRef } from './entities.js';
import type { GatewayClient } from './gateway-client.js';
import { CONNECTION_OPTIONS, connectionFlags, parseOptions, UsageError, type ConnectionFlags } from './usage.js';

/** What is done about change log locks: show those of a project, or free one from the holder that is named. */
export type LocksCommand = { readonly at: ProjectRef; readonly connection: ConnectionFlags } & (
  | { readonly action: 'list' }
  | {
      readonly action: 'release';
      readonly schema: string;
      readonly instance: string;
      readonly holder: string;
      readonly force: boolean;
    }
);

const PAGE = 100;
const text = { type: 'string' } as const;
const OPTIONS = {
  org: text,
  project: text,
  schema: text,
  instance: text,
  holder: text,
  force: { type: 'boolean' },
  ...CONNECTION_OPTIONS,
} as const;

/** `locks list` or `locks release`. @throws UsageError */
export function parseLocksCommand(args: readonly string[]): LocksCommand {
  const { values, positionals } = parseOptions(args, OPTIONS, true);
  const [action, ...more] = positionals;
  if ((action !== 'list' && action !== 'release') || more.length > 0)
    throw new UsageError(`${['locks', ...positionals].join(' ')} is not a command; write locks list or locks release`);
  const common = {
    at: { org: values.org ?? 'default', project: values.project ?? 'deployments' },
    connection: connectionFlags(values),
  };
  const { schema, instance, holder, force = false } = values;
  if (action === 'list') {
    const wrong = (['schema', 'instance', 'holder', 'force'] as const).find((name) => values[name] !== undefined);
    if (wrong) throw new UsageError(`locks list takes no --${wrong}`);
    return { ...common, action };
  }
  if (!schema || !instance || holder === undefined)
    throw new UsageError('locks release needs --schema, --instance and --holder, as locks list prints them');
  return { ...common, action, schema, instance, holder, force };
}

const lockShape = z.object({
  locked: z.boolean(),
  holder: z.string().nullable(),
  since: z.string().nullable(),
  engine: z.string().nullable(),
  session: z.enum(['alive', 'gone', 'unknown']).nullable(),
});
const released = z.object({
  release: z.enum(['released', 'notLocked', 'otherHolder', 'sessionAlive']),
  lock: lockShape,
});
const entities = z.array(z.object({ identifier: z.string() }));
type Lock = z.output<typeof lockShape>;

const SESSIONS = {
  alive: 'its session is open',
  gone: 'its session is gone, so the next run takes the lock over',
  unknown: 'whether its session is open cannot be seen from here',
} as const;

/** Shows or frees change log locks. Answers whether all was seen, or the lock freed. @throws GatewayError */
export async function runLocksCommand(
  gateway: GatewayClient,
  command: LocksCommand,
  print: (line: string) => void,
): Promise<boolean> {
  return command.action === 'list' ? listLocks(gateway, command.at, print) : releaseLock(gateway, command, print);
}

/** Instance by instance: each is asked by a delegate. One that cannot be asked does not hide the others. */
async function listLocks(gateway: GatewayClient, at: ProjectRef, print: (line: string) => void): Promise<boolean> {
  const root = `/v1/orgs/${encodeURIComponent(at.org)}/projects/${encodeURIComponent(at.project)}/dbschema`;
  let areAllSeen = true;
  let isEmpty = true;
  for (const schema of await all((query) => gateway.call('GET', root, { query }))) {
    const ofSchema = `${root}/${encodeURIComponent(schema)}`;
    for (const instance of await all((query) =>
      gateway.call('POST', `${ofSchema}/instancelist`, { query, body: {} }),
    )) {
      isEmpty = false;
      const line = await gateway
        .call('GET', `${ofSchema}/instance/${encodeURIComponent(instance)}/changelog-lock`)
        .then(
          (answer) => inWords(lockShape.parse(answer)),
          (cause: unknown) => {
            areAllSeen = false;
            return `not known: ${messageOf(cause)}`;
          },
        );
      print(`${schema}/${instance}: ${line}`);
    }
  }
  if (isEmpty) print(`No DB instances in project ${at.project} of organization ${at.org}.`);
  return areAllSeen;
}

async function releaseLock(
  gateway: GatewayClient,
  { at, schema, instance, holder, force }: Extract<LocksCommand, { action: 'release' }>,
  print: (line: string) => void,
): Promise<boolean> {
  const path = [
    'v1',
    'orgs',
    at.org,
    'projects',
    at.project,
    'dbschema',
    schema,
    'instance',
    instance,
    'changelog-lock',
    'release',
  ]
    .map((part) => encodeURIComponent(part))
    .join('/');
  const { release, lock } = released.parse(await gateway.call('POST', `/${path}`, { body: { holder, force } }));
  const place = `${schema}/${instance}`;
  switch (release) {
    case 'released':
      print(`${place}: released from ${holder}`);
      return true;
    case 'notLocked':
      print(`${place}: the lock was free already`);
      return true;
    case 'otherHolder':
      print(`${place}: not released, because somebody else holds it now: ${inWords(lock)}`);
      return false;
    case 'sessionAlive':
      print(
        `${place}: not released, because the session of its holder is open: let that run end, or abort it; --force releases it all the same`,
      );
      return false;
  }
}

function inWords({ locked, holder, since, engine, session }: Lock): string {
  if (!locked) return 'free';
  const facts = [
    engine === null ? 'no engine of Sluice' : `Sluice engine ${engine}`,
    ...(session ? [SESSIONS[session]] : []),
  ];
  return `locked${since === null ? '' : ` since ${since} (the holder's clock)`} by "${holder ?? ''}" (${facts.join('; ')})`;
}

/** The identifiers of a list of any length. */
async function all(
  page: (query: { readonly page: number; readonly limit: number }) => Promise<unknown>,
): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; ; at += 1) {
    const items = entities.parse(await page({ page: at, limit: PAGE }));
    found.push(...items.map(({ identifier }) => identifier));
    if (items.length < PAGE) return found;
  }
}
