import { fileURLToPath } from 'node:url';

/** Path of the protocol file, for `@grpc/proto-loader` and Nest's gRPC transport. */
export const runnerProtoPath = fileURLToPath(new URL('./runner.proto', import.meta.url));
export const RUNNER_PACKAGE = 'sluice.runner.v1';
/** Loader options both sides use: snake_case fields become camelCase, 64-bit numbers become numbers. */
export const RUNNER_LOADER = { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true } as const;

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
}
export interface StartStepReply {
  alreadyStarted: boolean;
}
export interface WatchStepRequest {
  stepExecutionId: string;
  afterSeq: number;
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
}
export interface StopStepReply {
  known: boolean;
}
export interface WriteLogRequest {
  logKey: string;
  linesJson: string[];
  close: boolean;
}
export interface PingReply {
  ready: boolean;
}
/** `event` names which of the three JSON fields is set. */
export interface StepEvent {
  seq: number;
  event: 'logJson' | 'changesetJson' | 'finishedJson';
  logJson?: string;
  changesetJson?: string;
  finishedJson?: string;
}
