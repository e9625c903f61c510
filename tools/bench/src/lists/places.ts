/** Where the seeded data lies, and how much of it there is. Seeds and requests agree by these names. */
export const BENCH_ORG = 'bench_org';
export const BENCH_PROJECT = 'bench_project';
/** The schema with the most instances; every one of them has the state of {@link Sizes.changesets} changesets. */
export const BIG_SCHEMA = 'schema_1';
export const BIG_INSTANCE = 'instance_1';
/** The pipeline with the most executions and input sets. */
export const BIG_PIPELINE = 'pipeline_1';

/** The group with the most members. */
export const BIG_GROUP = 'group_1';

export interface Sizes {
  readonly organizations: number;
  readonly projects: number;
  readonly users: number;
  /** Of the administrator, and tokens of the first of them. */
  readonly keys: number;
  readonly tokens: number;
  readonly connectors: number;
  readonly secrets: number;
  readonly auditEvents: number;
  readonly schemas: number;
  /** All; {@link bigInstances} of them in one schema, the rest spread. */
  readonly instances: number;
  readonly bigInstances: number;
  readonly changesets: number;
  readonly pipelines: number;
  readonly inputSets: number;
  readonly triggers: number;
  readonly executions: number;
  readonly delegates: number;
  readonly delegateTokens: number;
  /** Other accounts, which hold a tenth again of everything: what a list costs must not depend on them. */
  readonly otherAccounts: number;
}

export const FULL: Sizes = {
  organizations: 1_000,
  projects: 5_000,
  users: 2_000,
  keys: 1_000,
  tokens: 1_000,
  connectors: 10_000,
  secrets: 10_000,
  auditEvents: 100_000,
  schemas: 2_000,
  instances: 10_000,
  bigInstances: 1_000,
  changesets: 100,
  pipelines: 3_000,
  inputSets: 2_000,
  triggers: 2_000,
  executions: 100_000,
  delegates: 1_000,
  delegateTokens: 1_000,
  otherAccounts: 100,
};

/** A hundredth, to try the bench itself. */
export const SMALL: Sizes = {
  organizations: 20,
  projects: 50,
  users: 40,
  keys: 20,
  tokens: 20,
  connectors: 100,
  secrets: 100,
  auditEvents: 500,
  schemas: 40,
  instances: 200,
  bigInstances: 50,
  changesets: 30,
  pipelines: 50,
  inputSets: 40,
  triggers: 40,
  executions: 500,
  delegates: 20,
  delegateTokens: 20,
  otherAccounts: 5,
};

/** Part of everything that lies in the bench project; the rest is spread over the other projects of the account. */
export const IN_BENCH_PROJECT = 0.8;
