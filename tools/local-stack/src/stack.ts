import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/kernel';
import { freePort } from '@sluice/testing';
import { makeAccounts, type SeededAccount } from './accounts.js';
import {
  appEnvironments,
  CONTROL_PLANE_APPS,
  type AppEnvironments,
  type AppName,
  type ControlPlaneApp,
} from './app-environment.js';
import { prepareChangeEngine } from './change-engine.js';
import { dataFolderAt, prepareDataFolder, removeDataFolder, type DataFolder } from './data-folder.js';
import { ensureSecrets, PLATFORM_DATABASES, type GeneratedSecrets } from './generated-secrets.js';
import { EARLIER_CUSTOMER_PORT, passOn } from './earlier-port.js';
import { GIT_USER, startGitServer, type GitServer } from './git-server.js';
import { fixedPorts, freePorts, type Ports } from './ports.js';
import { preparePostgresHome, startCluster, type PostgresCluster } from './postgres-cluster.js';
import { claimDataFolder, stopEverything, stopLeftovers } from './process-records.js';
import { startKeptChild } from './kept-child.js';
import { startRedis } from './redis-server.js';
import { Supervisor, type ChildSpec, type RunningChild } from './supervisor.js';
import { startTraceReceiver, type TraceReceiver } from './trace-receiver.js';

export interface StackOptions {
  /** Everything is kept below this folder and survives a restart. */
  readonly dataDir: string;
  /** The network table's ports moved by a number, or ports nobody uses (kept for later starts on the same folder). */
  readonly ports: { readonly kind: 'fixed'; readonly offset: number } | { readonly kind: 'free' };
  /** One process per app instead of one for the whole control plane; one that dies is started again. */
  readonly isSeparate?: boolean;
  /** Stops what is recorded in the data folder and deletes it before starting. */
  readonly isReset?: boolean;
  /** False leaves the delegate out; start it later with `delegate.start()`. */
  readonly withDelegate?: boolean;
  /** Apps that somebody else runs on their ports (`npx nx dev <app>`). */
  readonly without?: readonly AppName[];
  /** Names of accounts beside the first one, each with an administrator and an API key. */
  readonly extraAccounts?: readonly string[];
  /** Another OTLP/HTTP endpoint that gets all traces too. */
  readonly otelUrl?: string | undefined;
  /** Variables on top of the usual ones, by app: shorter leases and time limits for tests. */
  readonly environment?: Readonly<Partial<Record<AppName, Readonly<Record<string, string>>>>>;
  readonly onProgress?: (text: string) => void;
  /** Aborted when nothing is to be waited for any more: everything ends at once, databases and Redis in good order. It follows the signal of the start. */
  readonly hurry?: AbortSignal | undefined;
  /** A child ended that nobody stopped: one sentence and its last log lines. */
  readonly onUnexpectedEnd?: (complaint: string) => void;
}

/** The sample "customer's database": its own PostgreSQL cluster, reached by the step containers only. */
interface CustomerDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** `postgres://…` with user and password, for checks from outside. */
  readonly url: string;
  /** Superuser, in the same database. */
  readonly adminUrl: string;
  readonly jdbcUrl: string;
}

/** Processes that can be killed and started again, for fault tests. */
export interface Restartable {
  /** Pids by process name, of what runs now. */
  pids(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface Stack {
  readonly data: DataFolder;
  readonly ports: Ports;
  readonly secrets: GeneratedSecrets;
  readonly gatewayUrl: string;
  readonly uiUrl: string;
  readonly accountId: string;
  readonly apiKey: string;
  /** The first account and the extra ones, in the order given. */
  readonly accounts: readonly SeededAccount[];
  readonly customerDatabase: CustomerDatabase;
  /** `postgres://…` of a service's own database, for checks from outside. */
  platformDatabaseUrl(name: (typeof PLATFORM_DATABASES)[number]): string;
  readonly redisUrl: string;
  readonly git: GitServer;
  readonly traces: TraceReceiver;
  readonly controlPlane: Restartable;
  readonly delegate: Restartable;
  /** The PostgreSQL of the control plane's own databases. */
  readonly platformServer: Restartable;
  /** Where the files of {@link platformServer} lie. */
  readonly platformFolder: string;
  /** The PostgreSQL that {@link customerDatabase} is on. */
  readonly customerServer: Restartable;
  readonly redisServer: Restartable;
  /** A delegate beside the first one, with its token; its data lies in a folder named after it. Resolves when it is connected. */
  addDelegate(name: string, environment?: Readonly<Record<string, string>>): Promise<Restartable>;
  stop(): Promise<void>;
}

const CUSTOMER = { database: 'orders', username: 'orders_app' } as const;
const here = dirname(fileURLToPath(import.meta.url));
/** The repository; this file lies in tools/local-stack/{src,dist}. */
const repositoryRoot = resolve(here, '../../..');
const built = (path: string): string => join(repositoryRoot, path);

/**
 * Starts databases, Redis, Git server, trace receiver, control plane and delegate; resolves when all are ready.
 * `signal` stops a start that is under way. The apps run from `dist`: build first.
 * @throws Error one sentence that says what is in the way.
 */
export async function startStack(options: StackOptions, signal?: AbortSignal): Promise<Stack> {
  const say = options.onProgress ?? (() => undefined);
  const data = dataFolderAt(options.dataDir);
  if (options.isReset) {
    const stopped = await stopEverything(data.run);
    removeDataFolder(data);
    say(`cleared ${data.root}${stopped.length > 0 ? ` (stopped ${stopped.join(', ')})` : ''}`);
  }
  prepareDataFolder(data);
  const release = claimDataFolder(data.root, data.run);
  const supervisor = new Supervisor({
    runDir: data.run,
    logsDir: data.logs,
    onUnexpectedEnd: options.onUnexpectedEnd ?? (() => undefined),
    onWaiting: say,
    onStopping: (text) => signal?.aborted && say(text),
  });
  options.hurry?.addEventListener('abort', () => supervisor.hurry(), { once: true });
  const closers: (() => Promise<void>)[] = [];
  const stop = once(async () => {
    await supervisor.stopAll();
    for (const close of closers.reverse()) await close();
    rmSync(data.connectionFile, { force: true });
    release();
  });
  const onAbort = (): void => void stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    const leftovers = await stopLeftovers(data.run);
    if (leftovers.length > 0) say(`stopped what an earlier start left behind: ${leftovers.join(', ')}`);
    return await assemble({ options, data, supervisor, closers, stop, say });
  } catch (cause: unknown) {
    await stop();
    throw cause;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

interface Assembly {
  readonly options: StackOptions;
  readonly data: DataFolder;
  readonly supervisor: Supervisor;
  readonly closers: (() => Promise<void>)[];
  readonly stop: () => Promise<void>;
  readonly say: (text: string) => void;
}

async function assemble({ options, data, supervisor, closers, stop, say }: Assembly): Promise<Stack> {
  const ports = options.ports.kind === 'fixed' ? await fixedPorts(options.ports.offset) : await freePorts(data.root);
  const secrets = ensureSecrets(data);
  const traces = await startTraceReceiver({ port: ports['trace receiver'], forwardTo: options.otelUrl });
  closers.push(() => traces.close());
  const git = await startGitServer({
    folder: data.git,
    port: ports.git,
    pushCredentials: { username: GIT_USER, password: secrets.gitPassword },
    onRequest: joinToTrace(traces),
  });
  closers.push(() => git.close());

  const home = await preparePostgresHome(data);
  if (home.note) say(home.note);
  const [platform, customer, redis] = await settled([
    startCluster(supervisor, home, {
      name: 'platform-database',
      port: ports['platform database'],
      superuserPassword: secrets.platformSuperuserPassword,
    }),
    startCluster(supervisor, home, {
      name: 'customer-database',
      port: ports['customer database'],
      superuserPassword: secrets.customerSuperuserPassword,
    }),
    startRedis(supervisor, data, { port: ports.redis, password: secrets.redisPassword }),
    runsDelegate(options) ? prepareChangeEngine(built('apps/step-runner/dist/prepare-engine.js')) : Promise.resolve(),
  ]);
  if (options.ports.kind === 'fixed')
    closers.push(await passOn(EARLIER_CUSTOMER_PORT + options.ports.offset, customer.port));
  for (const name of PLATFORM_DATABASES) await platform.ensureDatabase(name, name, secrets.platformPasswords[name]);
  await customer.ensureDatabase(CUSTOMER.database, CUSTOMER.username, secrets.customerPassword);
  say('databases, Redis and change engine are ready');

  const accounts = makeAccounts(data, secrets, options.extraAccounts ?? []);
  const databaseUrl = (name: (typeof PLATFORM_DATABASES)[number]): string =>
    platform.url(name, secrets.platformPasswords[name], name);
  const secretFile = (name: string, content: string): string => {
    const file = join(data.secrets, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const environments = withExtra(
    appEnvironments({
      data,
      ports,
      secrets,
      redisUrlFile: secretFile('redis-url', redis.url),
      databaseUrlFile: (name) => secretFile(`platform-database-${name}-url`, databaseUrl(name)),
      bootstrapFile: accounts.bootstrapFile,
      traceEndpoint: traces.url,
      repositoryRoot,
    }),
    options.environment ?? {},
  );
  secretFile('environment.json', JSON.stringify(environments));
  const apps = CONTROL_PLANE_APPS.filter((app) => !options.without?.includes(app));
  const start = (spec: ChildSpec): Promise<RunningChild> =>
    options.isSeparate ? startKeptChild(supervisor, spec, { say }) : supervisor.start(spec);
  const controlPlane = restartable(
    start,
    options.isSeparate || apps.length === 0
      ? apps.map((app) => nodeApp(app, environments, ports[app]))
      : [oneProcess(data, apps, environments, ports)],
  );
  const delegate = restartable(start, [delegateSpec(environments, ports)]);
  const server = ({ spec, child }: { readonly spec: ChildSpec; readonly child: RunningChild }): Restartable =>
    restartable((again) => supervisor.start(again), [spec], [child]);
  const isUp = controlPlane.start().then(() => say('control plane is up'));
  // The delegate loads while the rest of the control plane does; no sooner, because it dials ever more rarely when nobody answers.
  const isConnected = runsDelegate(options)
    ? untilAnswers(ports['delegate-service'], isUp)
        .then(() => delegate.start())
        .then(() => say('delegate is connected'))
    : Promise.resolve();
  await settled([isUp, isConnected]);
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
  writeFileSync(
    data.connectionFile,
    JSON.stringify({
      url: gatewayUrl,
      accountId: secrets.accountId,
      apiKeyFile: secrets.apiKeyFile,
      git: { url: git.url, folder: data.git },
    }),
    { mode: 0o600 },
  );
  return {
    data,
    ports,
    secrets,
    gatewayUrl,
    uiUrl: `${gatewayUrl}/ng/`,
    accountId: secrets.accountId,
    apiKey: secrets.apiKey,
    accounts: accounts.accounts,
    customerDatabase: describeCustomer(customer, secrets),
    platformDatabaseUrl: databaseUrl,
    redisUrl: redis.url,
    git,
    traces,
    controlPlane,
    delegate,
    platformServer: server(platform),
    platformFolder: platform.folder,
    customerServer: server(customer),
    redisServer: server(redis),
    addDelegate: async (name, environment = {}) => {
      const further = restartable(start, [await furtherDelegateSpec(data, environments, name, environment)]);
      await further.start();
      return further;
    },
    stop,
  };
}

function runsDelegate({ withDelegate = true, without = [] }: StackOptions): boolean {
  return withDelegate && !without.includes('delegate');
}

function joinToTrace(traces: TraceReceiver): Parameters<typeof startGitServer>[0]['onRequest'] {
  return ({ traceparent, caller, at }) => {
    const traceId = traceparent?.split('-')[1];
    if (traceId) traces.recordCall({ traceId, from: caller, to: 'git', protocol: 'http', at });
  };
}

function describeCustomer(cluster: PostgresCluster, secrets: GeneratedSecrets): CustomerDatabase {
  return {
    host: '127.0.0.1',
    port: cluster.port,
    ...CUSTOMER,
    password: secrets.customerPassword,
    url: cluster.url(CUSTOMER.username, secrets.customerPassword, CUSTOMER.database),
    adminUrl: cluster.url('postgres', secrets.customerSuperuserPassword, CUSTOMER.database),
    jdbcUrl: `jdbc:postgresql://127.0.0.1:${cluster.port}/${CUSTOMER.database}`,
  };
}

/** Of the delegate service; the pipeline service reckons with them. */
const LEASE_VARIABLES: readonly string[] = ['DELEGATE_SERVICE_LEASE_MS', 'DELEGATE_SERVICE_FENCE_MS'];

function withExtra(environments: AppEnvironments, extra: NonNullable<StackOptions['environment']>): AppEnvironments {
  const apps = Object.keys(environments) as readonly AppName[];
  const leases = Object.fromEntries(
    Object.entries(extra['delegate-service'] ?? {}).filter(([name]) => LEASE_VARIABLES.includes(name)),
  );
  const given: typeof extra = { ...extra, pipeline: { ...leases, ...extra.pipeline } };
  return Object.fromEntries(apps.map((app) => [app, { ...environments[app], ...given[app] }])) as AppEnvironments;
}

/** For one look at a health check; the look is repeated. */
const HEALTH_MS = 10_000;

const NODE_ARGS = ['--enable-source-maps'];

function oneProcess(
  data: DataFolder,
  apps: readonly ControlPlaneApp[],
  environments: AppEnvironments,
  ports: Ports,
): ChildSpec {
  const environmentFile = join(data.secrets, 'control-plane.json');
  writeFileSync(environmentFile, JSON.stringify(Object.fromEntries(apps.map((app) => [app, environments[app]]))), {
    mode: 0o600,
  });
  const { OTEL_EXPORTER_OTLP_ENDPOINT = '' } = environments.gateway;
  return {
    name: 'control-plane',
    command: process.execPath,
    args: [...NODE_ARGS, built('tools/local-stack/dist/control-plane.js'), environmentFile],
    cwd: data.root,
    env: { NODE_ENV: 'production', OTEL_EXPORTER_OTLP_ENDPOINT },
    graceMs: 20_000,
    isReady: () => allReady(apps.map((app) => ({ app, port: ports[app] }))),
  };
}

function delegateSpec(environments: AppEnvironments, ports: Ports): ChildSpec {
  return { ...nodeApp('delegate', environments, ports.delegate), graceMs: 30_000 };
}

async function furtherDelegateSpec(
  data: DataFolder,
  environments: AppEnvironments,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<ChildSpec> {
  const port = await freePort();
  const own = {
    DELEGATE_NAME: name,
    DELEGATE_PORT: String(port),
    DELEGATE_DATA_DIR: join(data.root, name),
    ...environment,
  };
  const { env, ...spec } = nodeApp('delegate', environments, port);
  return { ...spec, name, env: { ...env, ...own }, graceMs: 30_000 };
}

function nodeApp(app: AppName, environments: AppEnvironments, port: number): ChildSpec {
  return {
    name: app,
    command: process.execPath,
    args: [...NODE_ARGS, built(`apps/${app}/dist/main.js`)],
    cwd: repositoryRoot,
    env: { NODE_ENV: 'production', ...environments[app] },
    graceMs: 20_000,
    isReady: () => allReady([{ app, port }]),
  };
}

/** @throws Error naming each app that is not ready, with what its health check says */
async function allReady(apps: readonly { readonly app: AppName; readonly port: number }[]): Promise<boolean> {
  const missing = await Promise.all(apps.map(async ({ app, port }) => ({ app, problem: await problemOf(port) })));
  const problems = missing.flatMap(({ app, problem }) => (problem === undefined ? [] : [`${app} ${problem}`]));
  if (problems.length > 0) throw new Error(problems.join('; '));
  return true;
}

/** What keeps an app from being ready; undefined when it is. */
async function problemOf(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(HEALTH_MS) });
    const text = await response.text();
    return response.ok ? undefined : `says at /health/ready: ${text.slice(0, 300)}`;
  } catch (cause) {
    return cause instanceof Error && cause.name === 'TimeoutError'
      ? `did not answer on port ${port} within ${HEALTH_MS / 1_000} s`
      : `does not listen on port ${port} yet`;
  }
}

/** Resolves once the port answers ready, or with `other`, whichever is first. */
async function untilAnswers(port: number, other: Promise<void>): Promise<void> {
  const end = new AbortController();
  const answers = waitFor(async () => (await problemOf(port)) === undefined, {
    timeoutMs: Infinity,
    intervalMs: 40,
    what: `an answer on port ${port}`,
    signal: end.signal,
  });
  try {
    await Promise.race([answers, other]);
  } finally {
    end.abort(new Error('nobody waits for it any more'));
    await answers.catch(() => undefined);
  }
}

function restartable(
  startChild: (spec: ChildSpec) => Promise<RunningChild>,
  specs: readonly ChildSpec[],
  started: readonly RunningChild[] = [],
): Restartable {
  let running = started;
  return {
    pids: () => Object.fromEntries(running.map(({ name, pid }) => [name, pid])),
    start: async () => {
      running = await settled(specs.map(startChild));
    },
    stop: async () => {
      for (const child of [...running].reverse()) await child.stop();
      running = [];
    },
    kill: async () => {
      await Promise.all(running.map((child) => child.kill()));
      running = [];
    },
  };
}

/** Like Promise.all, but a failure is only reported once everything has ended, so that nothing starts behind our back. */
async function settled<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
