import type { CaseRequest } from './route-case.js';

/** A run that is over. */
export interface PastExecution {
  readonly id: string;
  readonly pipeline: string;
  /** Node id of its stage and of its step. */
  readonly stageNode: string;
  readonly stepNode: string;
  /** Key of the step's log, and the prefix of everything of the run. */
  readonly logKey: string;
  readonly logPrefix: string;
}

/**
 * What exists when the cases run, made once through the public API: one project with everything a Database DevOps user has, and two
 * executions. Whatever a case changes it makes for itself with `make`.
 */
export interface World {
  readonly account: string;
  readonly org: string;
  readonly project: string;
  /** A text in the name or description of everything here; nobody else may ever see it. */
  readonly marker: string;
  /** Scope in the query of the NG and pipeline generations. */
  readonly scope: {
    readonly accountIdentifier: string;
    readonly orgIdentifier: string;
    readonly projectIdentifier: string;
  };
  readonly inAccount: { readonly accountIdentifier: string };
  /** Scope in the path of the v1 generation. */
  readonly path: { readonly org: string; readonly project: string };
  /** The administrator the cases run as. */
  readonly user: { readonly id: string; readonly email: string; readonly name: string };
  readonly gitConnector: string;
  readonly jdbcConnector: string;
  readonly secret: string;
  /** Liquibase schema with one instance that has been deployed to. */
  readonly schema: string;
  readonly instance: string;
  /** File, id and author of the changeset that was deployed. */
  readonly changeset: { readonly id: string; readonly fqn: string };
  /** Flyway schema with one instance nothing was ever deployed to. */
  readonly flywaySchema: string;
  readonly flywayInstance: string;
  /** A schema without instances. */
  readonly emptySchema: string;
  /** A pipeline with one `<+input>` variable and an input set for it. */
  readonly pipelineWithInputs: string;
  readonly inputSet: string;
  readonly apiKey: string;
  readonly token: string;
  readonly delegateToken: string;
  readonly finished: PastExecution;
  readonly failed: PastExecution;
  readonly make: Maker;
}

/** Makes things under fresh names and answers their identifiers. */
export interface Maker {
  /** An identifier nobody else uses. */
  id(prefix: string): string;
  organization(): Promise<string>;
  /** In the world's org. */
  project(): Promise<string>;
  secret(): Promise<string>;
  connector(): Promise<string>;
  schema(): Promise<string>;
  /** An instance of a schema of its own. */
  instance(): Promise<{ readonly dbschema: string; readonly dbinstance: string }>;
  pipeline(): Promise<string>;
  /** An input set of `pipelineWithInputs`. */
  inputSet(): Promise<string>;
  /** A run that was just started and lasts until it is interrupted, and its root node. */
  runningExecution(): Promise<{ readonly planExecutionId: string; readonly nodeExecutionId: string }>;
  apiKey(): Promise<string>;
  /** A token of the world's API key. */
  token(): Promise<string>;
  delegateToken(): Promise<string>;
  /** A log token of the administrator: it may write any log of the account. */
  logToken(): Promise<string>;
  /** Sends a form as the administrator. @throws Error for a status of 400 and above */
  upload(path: string, request: CaseRequest): Promise<void>;
  /** As a pod with a log token, which shows no API key; answers parsed JSON, or undefined for an empty answer. @throws Error for a status of 400 and above */
  asPod(
    method: 'POST',
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<unknown>;
  /** Any request to the gateway as the administrator; answers parsed JSON. @throws Error for a status of 400 and above */
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    request?: { readonly query?: Record<string, string>; readonly body?: unknown; readonly yaml?: string },
  ): Promise<unknown>;
}
