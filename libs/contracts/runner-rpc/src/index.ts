import { fileURLToPath } from 'node:url';
import type { StopReason } from './stop-reason.js';

export { Lease, PeerClock, steadyNow } from './lease.js';
export { parked } from './pod-owner.js';
export {
  PROCESS_STATES,
  liteEngineIdentity,
  stepRunnerIdentity,
  type LiteEngineIdentity,
  type StepRunnerIdentity,
} from './pod-process.js';
export { StepEventLog } from './step-event-log.js';
export { STOPPED_BECAUSE, type StopReason } from './stop-reason.js';

/** Path of the protocol file, for `@grpc/proto-loader` and Nest's gRPC transport. */
export const runnerProtoPath = fileURLToPath(new URL('./runner.proto', import.meta.url));
export const RUNNER_PACKAGE = 'sluice.runner.v1';
/** Loader options both sides use: snake_case fields become camelCase, 64-bit numbers become numbers. */
export const RUNNER_LOADER = { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true } as const;

/** What a gRPC client needs to find the two services in the protocol file. */
export const LITE_ENGINE_SERVICE = {
  protoPath: runnerProtoPath,
  loader: RUNNER_LOADER,
  name: `${RUNNER_PACKAGE}.LiteEngine`,
} as const;
export const STEP_RUNNER_SERVICE = {
  protoPath: runnerProtoPath,
  loader: RUNNER_LOADER,
  name: `${RUNNER_PACKAGE}.StepRunner`,
} as const;

/**
 * Common names of the certificates that the pod's own CA signs. A server is known by its name and not by its address;
 * the lite engine answers only the delegate, a step container only the lite engine.
 */
export const POD_PEERS = { delegate: 'delegate', liteEngine: 'lite-engine', stepRunner: 'step-runner' } as const;

/** Port of the lite engine inside every pod; step containers take the next ones. */
export const LITE_ENGINE_PORT = 20001;

export interface StepContainer {
  stepExecutionId: string;
  address: string;
}
export interface SetupStageRequest {
  podId: string;
  logBaseUrl: string;
  logAccountId: string;
  logToken: string;
  containers: StepContainer[];
  watchdogMs: number;
}
export interface StartStepRequest {
  stepExecutionId: string;
  logKey: string;
  timeoutMs: number;
  workJson: string;
  /** As in {@link PingRequest}. */
  leaseUntil?: number;
  stopWithinMs?: number;
}
export interface StartStepReply {
  alreadyStarted: boolean;
}
export interface WatchStepRequest {
  stepExecutionId: string;
  afterSeq: number;
  /** Absent: false. */
  withoutLog?: boolean;
}
export interface RunRequest {
  stepExecutionId: string;
  timeoutMs: number;
  workJson: string;
  sourcesDir: string;
  secretsDir: string;
}
export interface StopStepRequest {
  stepExecutionId: string;
  graceMs: number;
  /** Absent: `ABORT`. */
  reason?: StopReason;
}
export interface StopStepReply {
  known: boolean;
}
export interface WriteLogRequest {
  logKey: string;
  linesJson: string[];
  close: boolean;
}
/** Absent or 0: the caller promises nothing. */
export interface PingRequest {
  leaseUntil?: number;
  stopWithinMs?: number;
}
export interface PingReply {
  ready: boolean;
  clock: number;
}
export interface ContainerEndedRequest {
  stepExecutionId: string;
  reason: string;
  isReplaced: boolean;
}
export interface ContainerEndedReply {
  hasBegun: boolean;
}
/** `event` names which of the three JSON fields is set. */
export interface StepEvent {
  seq: number;
  event: 'logJson' | 'changesetJson' | 'finishedJson';
  logJson?: string;
  changesetJson?: string;
  finishedJson?: string;
}

export type Empty = Record<never, never>;

export interface LiteEngineMethods {
  SetupStage: { request: SetupStageRequest; reply: Empty };
  Ping: { request: PingRequest; reply: PingReply };
  StartStep: { request: StartStepRequest; reply: StartStepReply };
  WatchStep: { request: WatchStepRequest; reply: StepEvent };
  StopStep: { request: StopStepRequest; reply: StopStepReply };
  ContainerEnded: { request: ContainerEndedRequest; reply: ContainerEndedReply };
  WriteLog: { request: WriteLogRequest; reply: Empty };
  Destroy: { request: Empty; reply: Empty };
}

export interface StepRunnerMethods {
  Ping: { request: PingRequest; reply: PingReply };
  Run: { request: RunRequest; reply: StepEvent };
  Stop: { request: StopStepRequest; reply: StopStepReply };
}
