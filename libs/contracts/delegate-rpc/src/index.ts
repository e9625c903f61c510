import { fileURLToPath } from 'node:url';

/** Path of the protocol file, for `@grpc/proto-loader` and Nest's gRPC transport. */
export const delegateServiceProtoPath = fileURLToPath(new URL('./delegate-service.proto', import.meta.url));
export const DELEGATE_PACKAGE = 'sluice.delegate.v1';
/** Loader options both sides use: camelCase fields, 64-bit numbers as numbers, enums as strings. */
export const DELEGATE_LOADER = { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true } as const;

/** What a gRPC client needs to find the two services in the protocol file. */
export const DELEGATE_TASKS_SERVICE = {
  protoPath: delegateServiceProtoPath,
  loader: DELEGATE_LOADER,
  name: `${DELEGATE_PACKAGE}.DelegateTasks`,
} as const;
export const DELEGATE_ADMIN_SERVICE = {
  protoPath: delegateServiceProtoPath,
  loader: DELEGATE_LOADER,
  name: `${DELEGATE_PACKAGE}.DelegateAdmin`,
} as const;

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
  /** With `secretsWanted`: where the delegate's token was made, not what it says; no account when it is gone. Secrets that live above it are not for it. */
  delegateScope?: RpcScope;
  event: 'acquired' | 'secretsWanted' | 'ended';
  acquired?: TaskAcquired;
  secretsWanted?: SecretsWanted;
  ended?: TaskEnded;
  traceparent: string;
}
/**
 * Events of one lane wait for the same things, so lanes do not hold each other up: late results and wanted secrets need NG manager, `live` ones only
 * the service itself.
 */
export type TaskEventLane = 'live' | 'secrets' | 'late';

export function laneOf(event: Pick<TaskEvent, 'secretsWanted' | 'ended'>): TaskEventLane {
  if (event.secretsWanted) return 'secrets';
  return event.ended?.outcome === 'late' ? 'late' : 'live';
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

export interface AbortRequest {
  taskId: string;
  accountId: string;
}
export interface AbortReply {
  /** After the request: `ENDED` when nobody had acquired the task or it was over, `ASSIGNED` while a delegate is still to answer, or may be at work after its time was over, `UNKNOWN` when it was never submitted. */
  state: string;
  /** With `UNKNOWN`: from now on it cannot be submitted. Absent in every other reply, and in those of versions that do not withdraw ids: there its submission may still come and be run. */
  isWithdrawn?: boolean;
}
/** A delegate that cannot be told to stop has stopped by itself after both together. */
export interface LeaseTimesReply {
  leaseMs: number;
  fenceMs: number;
}
export interface AcknowledgeRequest {
  seqs: number[];
}
export interface SetAsideRequest {
  seq: number;
  /** At most 4,000 characters. */
  reason: string;
  attempts: number;
}
export interface ProvideSecretsReply {
  /** False when the lease is not held any more. */
  delivered: boolean;
}
export interface TokenRef {
  scope: RpcScope;
  name: string;
}
export interface ListTokensRequest {
  scope: RpcScope;
  /** Empty for all. */
  name: string;
  /** `ACTIVE`, `REVOKED`, or empty for both. */
  status: string;
}
export interface ListDelegatesRequest {
  scope: RpcScope;
  /** Also delegates of scopes above and below. */
  all: boolean;
}
export interface ListDeadLettersRequest {
  accountId: string;
  /** From 0. */
  page: number;
  /** 1 to 100. */
  size: number;
}
/** An event that could not be handled. */
export interface DeadLetterRecord {
  id: number;
  scope: RpcScope;
  /** The service that could not handle it. */
  consumer: string;
  taskId: string;
  event: TaskEvent['event'];
  /** Empty for events other than `ended`. */
  outcome: TaskEndOutcome | '';
  reason: string;
  attempts: number;
  eventAtMs: number;
  setAsideAtMs: number;
}
export interface RedriveDeadLetterRequest {
  accountId: string;
  id: number;
}
export interface ClaimSecurityEventsReply {
  /** Each the JSON of `notedSecurityEvent`. */
  eventsJson: string[];
  hasMore: boolean;
}
export type Nothing = Record<never, never>;

/** Methods of {@link DELEGATE_TASKS_SERVICE}; `Events` is a server stream. */
export interface DelegateTasksMethods {
  Submit: { request: SubmitRequest; reply: SubmitReply };
  Abort: { request: AbortRequest; reply: AbortReply };
  LeaseTimes: { request: Nothing; reply: LeaseTimesReply };
  Events: { request: Nothing; reply: TaskEvent };
  Acknowledge: { request: AcknowledgeRequest; reply: Nothing };
  SetAside: { request: SetAsideRequest; reply: Nothing };
  ProvideSecrets: { request: ProvideSecretsRequest; reply: ProvideSecretsReply };
}
/** Methods of {@link DELEGATE_ADMIN_SERVICE}. */
export interface DelegateAdminMethods {
  PutToken: { request: PutTokenRequest; reply: TokenRecord };
  RevokeToken: { request: TokenRef; reply: TokenRecord };
  DeleteToken: { request: TokenRef; reply: { deleted: boolean } };
  ListTokens: { request: ListTokensRequest; reply: { tokens: TokenRecord[] } };
  ListDelegates: { request: ListDelegatesRequest; reply: { delegates: DelegateRecord[] } };
  /** `total` counts the whole account. */
  ListDeadLetters: { request: ListDeadLettersRequest; reply: { letters: DeadLetterRecord[]; total: number } };
  /** @throws AppError RESOURCE_NOT_FOUND */
  RedriveDeadLetter: { request: RedriveDeadLetterRequest; reply: Nothing };
  /** @param limit 1 to 500 */
  ClaimSecurityEvents: { request: { limit: number }; reply: ClaimSecurityEventsReply };
  AcknowledgeSecurityEvents: { request: { eventIds: string[] }; reply: Nothing };
}
