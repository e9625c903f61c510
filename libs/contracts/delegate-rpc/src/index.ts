import { fileURLToPath } from 'node:url';

/** Path of the protocol file, for `@grpc/proto-loader` and Nest's gRPC transport. */
export const delegateServiceProtoPath = fileURLToPath(new URL('./delegate-service.proto', import.meta.url));
export const DELEGATE_PACKAGE = 'sluice.delegate.v1';
/** Loader options both sides use: camelCase fields, 64-bit numbers as numbers, enums as strings. */
export const DELEGATE_LOADER = { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true } as const;

/** Empty strings stand for "not given" in `orgId` and `projectId`. */
export interface RpcScope {
  accountId: string;
  orgId: string;
  projectId: string;
}
export interface SubmitRequest {
  taskId: string;
  scope: RpcScope;
  payloadJson: string;
  selectors: string[];
  boundDelegateId: string;
  queueTimeoutMs: number;
  runTimeoutMs: number;
  description: string;
  traceparent: string;
}
export interface SubmitReply {
  alreadyKnown: boolean;
}
export type TaskEndOutcome = 'completed' | 'late' | 'notAcquired' | 'leaseLost' | 'timedOut' | 'aborted';
export interface TaskAcquired {
  delegateId: string;
  delegateName: string;
  epoch: number;
}
export interface SecretsWanted {
  delegateId: string;
  epoch: number;
  publicKey: string;
  expressions: string[];
}
export interface TaskEnded {
  outcome: TaskEndOutcome;
  resultJson: string;
  reason: string;
  delegateId: string;
  delegateName: string;
}
/** `event` names the one that is set. */
export interface TaskEvent {
  seq: number;
  taskId: string;
  scope: RpcScope;
  event: 'acquired' | 'secretsWanted' | 'ended';
  acquired?: TaskAcquired;
  secretsWanted?: SecretsWanted;
  ended?: TaskEnded;
  traceparent: string;
}
export interface ProvideSecretsRequest {
  taskId: string;
  epoch: number;
  sealed: Record<string, string>;
  error: string;
}
export interface PutTokenRequest {
  scope: RpcScope;
  name: string;
  value: string;
  revokeAfterMs: number;
  createdBy: string;
}
export interface TokenRecord {
  id: string;
  scope: RpcScope;
  name: string;
  status: 'ACTIVE' | 'REVOKED';
  createdAtMs: number;
  createdBy: string;
  value: string;
  revokeAfterMs: number;
}
export interface DelegateRecord {
  id: string;
  scope: RpcScope;
  name: string;
  hostName: string;
  version: string;
  tags: string[];
  lastHeartbeatMs: number;
  connected: boolean;
  tokenName: string;
  taskKinds: string[];
  runningTasks: number;
  instanceId: string;
}
