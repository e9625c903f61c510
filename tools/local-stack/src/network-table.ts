/**
 * The documented network table (docs/architecture.md) as data, and the calls between services that the design adds to it.
 * The hop test compares what one deployment really did with these rows; a call in neither list is a fault.
 */
export interface NetworkRow {
  /** Row of the documented table, or null for a call that only the design names. */
  readonly row: number | null;
  readonly from: string;
  readonly to: string;
  readonly protocols: readonly string[];
  readonly purpose: string;
}

const NETWORK_TABLE: readonly NetworkRow[] = [
  { row: 1, from: 'client', to: 'gateway', protocols: ['http'], purpose: 'every request of the UI and of API clients' },
  {
    row: 2,
    from: 'gateway',
    to: 'ng-manager',
    protocols: ['http'],
    purpose: 'accounts, connectors, secrets, DB DevOps requests; API keys',
  },
  { row: 3, from: 'gateway', to: 'log-service', protocols: ['http'], purpose: 'live and stored logs' },
  { row: 4, from: 'gateway', to: 'pipeline', protocols: ['http'], purpose: 'pipelines and executions' },
  { row: 5, from: 'pipeline', to: 'ng-manager', protocols: ['http'], purpose: 'inputs of DB steps, results to record' },
  { row: 6, from: 'ng-manager', to: 'dbdevops', protocols: ['http'], purpose: 'schemas, instances, deployed state' },
  { row: 7, from: 'ng-manager', to: 'scm', protocols: ['http'], purpose: 'changelog files, branches, commits' },
  { row: 8, from: 'delegate', to: 'delegate-service', protocols: ['ws'], purpose: 'registration, tasks, results' },
  { row: 9, from: 'delegate', to: 'lite-engine', protocols: ['grpc'], purpose: 'the steps of a pod' },
  { row: 10, from: 'lite-engine', to: 'step-runner', protocols: ['grpc'], purpose: 'one step' },
  { row: 11, from: 'step-runner', to: 'database', protocols: ['sql'], purpose: 'the changes themselves' },
  { row: 12, from: 'delegate', to: 'git', protocols: ['http', 'ssh'], purpose: 'the changelog' },
  { row: 13, from: 'lite-engine', to: 'log-service', protocols: ['http'], purpose: 'log lines and blobs' },
  { row: 13, from: 'delegate', to: 'log-service', protocols: ['http'], purpose: 'logs that a pod could not store' },
  { row: null, from: 'pipeline', to: 'delegate-service', protocols: ['grpc'], purpose: 'tasks for the delegate' },
  {
    row: null,
    from: 'ng-manager',
    to: 'delegate-service',
    protocols: ['grpc'],
    purpose: 'delegate tokens, list of delegates, connection tests',
  },
  {
    row: null,
    from: 'log-service',
    to: 'ng-manager',
    protocols: ['http'],
    purpose: 'whether the API key behind a log token is still good',
  },
  { row: null, from: 'scm', to: 'git', protocols: ['http'], purpose: 'files, branches and commits for the preview' },
];

/** The numbers of the documented table. */
export const DOCUMENTED_ROWS: ReadonlySet<number> = new Set(
  NETWORK_TABLE.flatMap(({ row }) => (row === null ? [] : [row])),
);

/** Finds the row of a call; undefined means that nobody said this call may happen. */
export function rowOf(call: {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
}): NetworkRow | undefined {
  return NETWORK_TABLE.find(
    (row) => row.from === call.from && row.to === call.to && row.protocols.includes(call.protocol),
  );
}
