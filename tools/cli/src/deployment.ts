import { Entities, previewChangelog, readMigrationState, type ChangesetState, type GitRef, type ProjectRef } from './entities.js';
import { execute } from './execution.js';
import { followExecution } from './follow-execution.js';
import { GatewayError, type GatewayClient } from './gateway-client.js';
import type { LogLine } from './log-tail.js';
import { applyPipelineYaml } from './pipeline-yaml.js';

/** Everything it takes to roll one changelog out to one database. */
export interface Deployment {
  readonly at: ProjectRef;
  readonly projectNames: { readonly org: string; readonly project: string };
  /** Prefix of the identifiers of all entities; letters, digits and `_`. */
  readonly identifier: string;
  readonly name: string;
  readonly repository: { readonly url: string; readonly ref: GitRef; readonly username?: string | undefined; readonly password?: string | undefined };
  /** Path of the changelog in the repository. */
  readonly changelog: string;
  readonly database: { readonly jdbcUrl: string; readonly username: string; readonly password: string };
  /** Liquibase context filter; empty runs every changeset. */
  readonly contexts: string;
  readonly tag?: string | undefined;
  readonly timeoutMs: number;
}

export interface DeploymentEvents {
  /** What is being done now, in a few words. */
  readonly onStep: (text: string) => void;
  readonly onLine: (stepName: string, line: LogLine) => void;
  /** Called once the execution has an id. */
  readonly onStarted?: (planExecutionId: string) => void;
}

export interface DeploymentResult {
  readonly planExecutionId: string;
  /** Final status of the execution, `Success` when all went well. */
  readonly status: string;
  readonly failure: string | undefined;
  /** State of the instance after the run; empty when nothing is known of it. */
  readonly changesets: readonly ChangesetState[];
  /** From the request to execute to the end of the execution. */
  readonly deployMs: number;
}

/** Creates or updates what the deployment needs, runs its pipeline and follows it to the end. @throws GatewayError */
export async function deploy(gateway: GatewayClient, deployment: Deployment, events: DeploymentEvents, signal?: AbortSignal): Promise<DeploymentResult> {
  const { at, identifier } = deployment;
  const ids = { schema: identifier, instance: `${identifier}_instance`, pipeline: `${identifier}_apply` };
  await prepare(new Entities(gateway, at), deployment, ids, events);
  await announceChangelog(gateway, deployment, ids.schema, events);
  signal?.throwIfAborted();
  events.onStep(`executing pipeline ${ids.pipeline}`);
  const startedAt = Date.now();
  const planExecutionId = await execute(gateway, at, ids.pipeline);
  events.onStarted?.(planExecutionId);
  const view = await followExecution(gateway, at, planExecutionId, { onLine: events.onLine, signal, timeoutMs: deployment.timeoutMs });
  const deployMs = Date.now() - startedAt;
  const changesets = await readMigrationState(gateway, at, ids.schema, ids.instance);
  return { planExecutionId, status: view.status, failure: view.failure, changesets, deployMs };
}

/** Says which commit will be deployed. Where only the delegate can reach the repository there is nothing to say yet, and that is fine. */
async function announceChangelog(gateway: GatewayClient, { at, repository }: Deployment, schema: string, { onStep }: DeploymentEvents): Promise<void> {
  try {
    const { path, commit, sizeBytes } = await previewChangelog(gateway, at, schema, repository.ref);
    onStep(`changelog ${path} at commit ${commit.slice(0, 10)} (${sizeBytes} bytes)`);
  } catch (cause: unknown) {
    if (!(cause instanceof GatewayError)) throw cause;
    onStep(`no preview of the changelog: ${cause.message}`);
  }
}

async function prepare(entities: Entities, deployment: Deployment, ids: { readonly schema: string; readonly instance: string; readonly pipeline: string }, { onStep }: DeploymentEvents): Promise<void> {
  const { identifier, name, repository, database } = deployment;
  const [passwordSecret, gitSecret, databaseConnector, gitConnector, cluster] = [`${identifier}_password`, `${identifier}_git_password`, `${identifier}_database`, `${identifier}_git`, `${identifier}_cluster`];
  onStep(`organization ${deployment.at.org}, project ${deployment.at.project}`);
  await entities.ensureProject(deployment.projectNames);
  onStep(`secret ${passwordSecret}, connectors ${databaseConnector}, ${gitConnector} and ${cluster}`);
  await entities.putTextSecret(passwordSecret, `${name}: database password`, database.password);
  await entities.putJdbcConnector(databaseConnector, `${name}: database`, { url: database.jdbcUrl, username: database.username, passwordRef: passwordSecret });
  if (repository.password !== undefined) await entities.putTextSecret(gitSecret, `${name}: Git password`, repository.password);
  await entities.putGitConnector(gitConnector, `${name}: repository`, {
    url: repository.url,
    username: repository.username,
    passwordRef: repository.password === undefined ? undefined : gitSecret,
  });
  await entities.putClusterConnector(cluster, `${name}: where steps run`);
  onStep(`DB schema ${ids.schema}, DB instance ${ids.instance}, pipeline ${ids.pipeline}`);
  await entities.putSchema(ids.schema, name, { connector: gitConnector, location: deployment.changelog });
  await entities.putInstance(ids.schema, ids.instance, name, { connector: databaseConnector, ref: repository.ref, context: deployment.contexts });
  const timeout = `${Math.max(10, Math.ceil(deployment.timeoutMs / 1000))}s`;
  await entities.putPipeline(ids.pipeline, applyPipelineYaml(deployment.at, { identifier: ids.pipeline, name: `${name} apply`, schema: ids.schema, instance: ids.instance, cluster, tag: deployment.tag, timeout }));
}
