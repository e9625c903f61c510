import { messageOf } from '@sluice/kernel';
import {
  Entities,
  previewChangelog,
  readMigrationState,
  type InstanceState,
  type GitRef,
  type ProjectRef,
} from './entities.js';
import { displayName, entityNamesOf, type EntityNames } from './entity-names.js';
import { execute } from './execution.js';
import { followExecution } from './follow-execution.js';
import { GatewayError, type GatewayClient } from './gateway-client.js';
import type { LogLine } from './log-tail.js';
import { applyPipelineYaml } from './pipeline-yaml.js';

/** How a delegate reads the repository. */
export type RepositoryAccess =
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
    }
  /** `privateKey` in PEM or OpenSSH format. */
  | { readonly kind: 'ssh'; readonly url: string; readonly privateKey: string };

/** Everything it takes to roll one changelog out to one database. */
export interface Deployment {
  readonly at: ProjectRef;
  readonly projectNames: { readonly org: string; readonly project: string };
  /** Prefix of the identifiers of all entities; letters, digits and `_`. */
  readonly identifier: string;
  /** What an earlier version made of the name; used on when a DB schema of that name has it. */
  readonly earlierIdentifier?: string | undefined;
  readonly name: string;
  readonly repository: RepositoryAccess & { readonly ref: GitRef };
  /** Path of the changelog in the repository. */
  readonly changelog: string;
  readonly database: { readonly jdbcUrl: string; readonly username: string; readonly password: string };
  /** Liquibase context filter; empty runs every changeset. */
  readonly contexts: string;
  /** Liquibase label filter; empty runs every changeset. */
  readonly labels?: string | undefined;
  /** Changelog parameters by name. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Folders of the repository that the changelog's paths are relative to; empty means its root. */
  readonly searchPath?: readonly string[] | undefined;
  /** Put before recorded file names; empty means nothing. */
  readonly filePrefix?: string | undefined;
  readonly tag?: string | undefined;
  /** How long the end of the execution is waited for. */
  readonly timeoutMs: number;
  /** How long the database step may take; `timeoutMs` when absent. */
  readonly stepTimeoutMs?: number | undefined;
}

export interface DeploymentEvents {
  /** What is being done now, in a few words. */
  readonly onStep: (text: string) => void;
  readonly onLine: (stepName: string, line: LogLine) => void;
  /** Called before the execution is asked for: from here on there may be one, whatever is known of it. */
  readonly onStarting?: (pipeline: string) => void;
  /** Called once the execution has an id. */
  readonly onStarted?: (planExecutionId: string, pipeline: string) => void;
}

export interface DeploymentResult {
  readonly planExecutionId: string;
  /** Final status of the execution, `Success` when all went well. */
  readonly status: string;
  readonly failure: string | undefined;
  /** Newest changesets of the instance after the run; undefined when they could not be read, which says nothing about the run. */
  readonly state: InstanceState | undefined;
  /** From the request to execute to the end of the execution. */
  readonly deployMs: number;
}

/** A summary is for people: of a longer history it shows the newest part, and says so. */
const MOST_SHOWN = 2_000;

/**
 * Creates or updates what the deployment needs, runs its pipeline and follows it to the end. When that preparation fails, what it
 * created is removed again.
 * @throws GatewayError also when the changelog is not in the repository; StillRunningError when the time limit is over before the execution
 */
export async function deploy(
  gateway: GatewayClient,
  deployment: Deployment,
  events: DeploymentEvents,
  signal?: AbortSignal,
): Promise<DeploymentResult> {
  const { at } = deployment;
  const entities = new Entities(gateway, at);
  const names = entityNamesOf(await identifierInUse(entities, deployment));
  try {
    await prepare(entities, deployment, names, events, signal);
    await announceChangelog(gateway, deployment, names.schema, events);
  } catch (cause: unknown) {
    for (const kept of await entities.removeCreated()) events.onStep(`not removed: ${kept}`);
    throw cause;
  }
  signal?.throwIfAborted();
  events.onStep(`executing pipeline ${names.pipeline}`);
  events.onStarting?.(names.pipeline);
  const startedAt = Date.now();
  const planExecutionId = await execute(gateway, at, names.pipeline);
  events.onStarted?.(planExecutionId, names.pipeline);
  const view = await followExecution(gateway, at, planExecutionId, {
    onLine: events.onLine,
    onWait: events.onStep,
    signal,
    timeoutMs: deployment.timeoutMs,
    endsBy: `Sluice ends its database step after ${secondsOf(stepLimitOf(deployment))}`,
  });
  const deployMs = Date.now() - startedAt;
  const state = await readMigrationState(gateway, at, names.schema, names.instance, MOST_SHOWN).catch(
    (cause: unknown) => {
      events.onStep(`the summary could not be read (${messageOf(cause)}); the result of the execution stands`);
      return undefined;
    },
  );
  return { planExecutionId, status: view.status, failure: view.failure, state, deployMs };
}

/** A deployment that an earlier version made goes on under the identifier it got then. */
async function identifierInUse(
  entities: Entities,
  { identifier, earlierIdentifier, name }: Deployment,
): Promise<string> {
  if (earlierIdentifier === undefined || earlierIdentifier === identifier) return identifier;
  return (await entities.nameOfSchema(earlierIdentifier)) === name ? earlierIdentifier : identifier;
}

/**
 * Says which commit will be deployed. Where only the delegate can reach the repository there is nothing to say yet, and that is fine.
 * @throws GatewayError when the repository was read and has no such file or ref: a name that was mistyped must not leave entities behind
 */
async function announceChangelog(
  gateway: GatewayClient,
  { at, repository }: Deployment,
  schema: string,
  { onStep }: DeploymentEvents,
): Promise<void> {
  try {
    const { path, commit, sizeBytes } = await previewChangelog(gateway, at, schema, repository.ref);
    onStep(`changelog ${path} at commit ${commit.slice(0, 10)} (${sizeBytes} bytes)`);
  } catch (cause: unknown) {
    // Not every server hands out a single commit to whoever asks for it; a delegate finds it then among the branches.
    const isMissing = cause instanceof GatewayError && cause.status === 404 && repository.ref.commitSha === undefined;
    if (isMissing || !(cause instanceof GatewayError)) throw cause;
    onStep(`no preview of the changelog: ${cause.message}`);
  }
}

async function prepare(
  entities: Entities,
  deployment: Deployment,
  names: EntityNames,
  { onStep }: DeploymentEvents,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { name, database, repository } = deployment;
  onStep(`organization ${deployment.at.org}, project ${deployment.at.project}`);
  await entities.ensureProject(deployment.projectNames);
  signal?.throwIfAborted();
  onStep(
    `secret ${names.passwordSecret}, connectors ${names.databaseConnector}, ${names.gitConnector} and ${names.cluster}`,
  );
  await entities.putTextSecret(names.passwordSecret, displayName(name, ': database password'), database.password);
  await entities.putJdbcConnector(names.databaseConnector, displayName(name, ': database'), {
    url: database.jdbcUrl,
    username: database.username,
    passwordRef: names.passwordSecret,
  });
  await putRepository(entities, name, repository, names);
  await entities.putClusterConnector(names.cluster, displayName(name, ': where steps run'));
  signal?.throwIfAborted();
  onStep(`DB schema ${names.schema}, DB instance ${names.instance}, pipeline ${names.pipeline}`);
  await entities.putSchema(names.schema, displayName(name), {
    connector: names.gitConnector,
    location: deployment.changelog,
    searchPath: deployment.searchPath ?? [],
    filePrefix: deployment.filePrefix ?? '',
  });
  await entities.putInstance(names.schema, names.instance, displayName(name), {
    connector: names.databaseConnector,
    ref: repository.ref,
    context: deployment.contexts,
    parameters: deployment.parameters ?? {},
  });
  const timeout = secondsOf(stepLimitOf(deployment));
  const { pipeline, schema, instance, cluster } = names;
  await entities.putPipeline(
    pipeline,
    applyPipelineYaml(deployment.at, {
      identifier: pipeline,
      name: pipelineNameOf(name, pipeline),
      schema,
      instance,
      cluster,
      tag: deployment.tag,
      labels: deployment.labels,
      timeout,
    }),
  );
}

const stepLimitOf = ({ timeoutMs, stepTimeoutMs = timeoutMs }: Deployment): number => stepTimeoutMs;

/** Pipelines take whole seconds, one or more. */
function secondsOf(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1_000))}s`;
}

/** Names of pipelines are in a narrower alphabet than other names (api-contract 6); what is not in it is named by its identifier. */
function pipelineNameOf(name: string, identifier: string): string {
  return /^[\w.-][\w. -]{0,100}$/.test(name) ? `${name} apply` : identifier;
}

async function putRepository(
  entities: Entities,
  deployment: string,
  repository: RepositoryAccess,
  { gitConnector, gitSecret, gitKey }: EntityNames,
): Promise<void> {
  const name = displayName(deployment, ': repository');
  if (repository.kind === 'ssh') {
    await entities.putTextSecret(gitKey, displayName(deployment, ': repository key'), repository.privateKey);
    return entities.putSshGitConnector(gitConnector, name, { url: repository.url, keyRef: gitKey });
  }
  const { url, username, password } = repository;
  if (password !== undefined)
    await entities.putTextSecret(gitSecret, displayName(deployment, ': repository password'), password);
  await entities.putGitConnector(gitConnector, name, {
    url,
    username,
    passwordRef: password === undefined ? undefined : gitSecret,
  });
}
