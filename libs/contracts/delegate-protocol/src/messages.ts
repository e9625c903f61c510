import { LIMITS } from '@sluice/kernel';
import { z } from 'zod';
import { taskPayload, taskResult } from './tasks.js';

/**
 * The delegate's WebSocket protocol. One JSON object per frame: `{ v, id, type, traceparent?, … }`. `id` is the sender's
 * message id; a reply carries `replyTo`. Sub-protocol name: `sluice.delegate.v1`.
 *
 * Connection: GET `/delegate-service/ws`, header `authorization: Delegate <token id>.<token secret>`, header
 * `x-delegate-instance: <instance id>`. The first frame is `hello` from the delegate. A delegate that speaks {@link KEY_PROOF_VERSION} is then
 * sent a `challenge`, which it answers with `proof`. `welcome` or a close with a code of {@link CLOSE_CODES} ends the opening.
 */
export const PROTOCOL_VERSION = 1;
/** From this version on a delegate proves that it holds the sealing key it names. The frames are those of {@link PROTOCOL_VERSION}. */
export const KEY_PROOF_VERSION = 2;
export const SUBPROTOCOL = 'sluice.delegate.v1';
/** A frame may be at most this long; a longer one closes the socket with 1009. */
export const MAX_FRAME_BYTES = LIMITS.frameBytes;

export const CLOSE_CODES = {
  UNAUTHORISED: 4401,
  TOKEN_REVOKED: 4403,
  /** Another process registered with the same instance id and a newer connection. */
  REPLACED: 4409,
  PROTOCOL_VERSION: 4426,
  BAD_MESSAGE: 4400,
  SHUTTING_DOWN: 1012,
} as const;

/** Most a delegate may say of itself, in characters and numbers: what it says is stored, and shown to people. */
export const HELLO_LIMITS = { tags: 100, tag: 128, taskKinds: 64, maxConcurrentTasks: 10_000, held: 10_000 } as const;

/** Ids of processes, tasks and messages. */
const shortId = z.string().max(128);
const LARGEST_EPOCH = 2_147_483_647;
const epoch = z.number().int().min(0).max(LARGEST_EPOCH);
const envelope = {
  v: z.literal(PROTOCOL_VERSION),
  id: shortId,
  replyTo: shortId.optional(),
  traceparent: z.string().max(256).optional(),
};

/** Lower-case names of the upgrade request's own headers. */
export const INSTANCE_HEADER = 'x-delegate-instance';
export const DELEGATE_PATH = '/delegate-service/ws';

/** What a key proof is sealed with: it differs from every context of a secret, so that no secret can be passed off as a challenge. */
export function keyProofContext(instanceId: string): string {
  return `delegate key proof/${instanceId}`;
}

/** One lease the delegate believes it holds. */
const heldLease = z.object({ taskId: shortId, epoch });
export type HeldLease = z.infer<typeof heldLease>;

/** Delegate → delegate service. */
export const delegateMessage = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('hello'),
    protocol: z.object({ min: z.number().int(), max: z.number().int() }),
    /** Random per process start: the idempotency key of acquire. */
    instanceId: shortId,
    name: z.string().min(1).max(128),
    hostName: z.string().max(255),
    version: z.string().max(128),
    tags: z.array(z.string().max(HELLO_LIMITS.tag)).max(HELLO_LIMITS.tags),
    taskKinds: z.array(z.string().max(64)).max(HELLO_LIMITS.taskKinds),
    maxConcurrentTasks: z.number().int().min(1).max(HELLO_LIMITS.maxConcurrentTasks),
    /** HPKE (X25519, HKDF-SHA256, AES-256-GCM) public key, base64url: secrets are sealed to it. */
    publicKey: z.string().max(128),
    /** Leases survived from before a reconnect. */
    held: z.array(heldLease).max(HELLO_LIMITS.held),
  }),
  /** Answer to `challenge`: the nonce in it. */
  z.object({ ...envelope, type: z.literal('proof'), nonce: z.string().max(256) }),
  z.object({
    ...envelope,
    type: z.literal('heartbeat'),
    held: z.array(heldLease).max(HELLO_LIMITS.held),
    runningTasks: z.number().int().min(0).max(HELLO_LIMITS.maxConcurrentTasks),
    sentAt: z.number().int(),
  }),
  z.object({
    ...envelope,
    type: z.literal('acquire'),
    taskId: shortId,
    instanceId: shortId,
    /** Have the task's secrets sealed at once, as if `secrets` had followed: they come without being asked for again. */
    wantsSecrets: z.boolean().default(false),
  }),
  /** Pull without a push: hand me up to `limit` tasks I am eligible for. */
  z.object({ ...envelope, type: z.literal('poll'), limit: z.number().int().min(1).max(100) }),
  z.object({ ...envelope, type: z.literal('secrets'), taskId: shortId, epoch }),
  z.object({ ...envelope, type: z.literal('result'), taskId: shortId, epoch, result: taskResult }),
  /** Draining: offer me nothing more; heartbeats go on. */
  z.object({ ...envelope, type: z.literal('draining') }),
  /** The last message of a process that ends in good order; the socket is closed after it. */
  z.object({ ...envelope, type: z.literal('unregister') }),
]);
export type DelegateMessage = z.infer<typeof delegateMessage>;

/** Delegate service → delegate. */
export const serverMessage = z.discriminatedUnion('type', [
  /** Answer to `hello`: a nonce sealed to its `publicKey` with {@link keyProofContext}. */
  z.object({ ...envelope, type: z.literal('challenge'), sealed: z.string() }),
  z.object({
    ...envelope,
    type: z.literal('welcome'),
    delegateId: z.string(),
    heartbeatMs: z.number().int(),
    /** A lease holds this long from the moment its renewal (`hello`, `heartbeat`) or `acquire` was sent, by the delegate's own clock. Then the work begins to stop. */
    leaseMs: z.number().int(),
    /** After that the service takes the task away; by then nothing of it may run any more. 0: it does so at the end of the lease already. */
    fenceMs: z.number().int().default(0),
    /** Held leases that are no longer the delegate's: stop that work. */
    lost: z.array(heldLease),
  }),
  z.object({ ...envelope, type: z.literal('heartbeatAck'), lost: z.array(heldLease) }),
  /** A notification, never the payload: acquire it to get the work. */
  z.object({ ...envelope, type: z.literal('offer'), taskId: z.string(), kind: z.string() }),
  z.object({
    ...envelope,
    type: z.literal('acquired'),
    taskId: z.string(),
    epoch: z.number().int(),
    leaseMs: z.number().int(),
    payload: taskPayload,
  }),
  z.object({
    ...envelope,
    type: z.literal('notAcquired'),
    taskId: z.string(),
    reason: z.enum(['taken', 'ended', 'notEligible', 'unknown', 'draining']),
  }),
  z.object({
    ...envelope,
    type: z.literal('polled'),
    offers: z.array(z.object({ taskId: z.string(), kind: z.string() })),
  }),
  /** Sealed values by expression; `sealed` is base64url of `enc ‖ ciphertext`. */
  z.object({
    ...envelope,
    type: z.literal('sealedSecrets'),
    taskId: z.string(),
    epoch: z.number().int(),
    sealed: z.record(z.string(), z.string()),
  }),
  z.object({
    ...envelope,
    type: z.literal('secretsFailed'),
    taskId: z.string(),
    epoch: z.number().int(),
    message: z.string(),
  }),
  /** Sent only after the result is committed. `late`: the lease was lost meanwhile; it is kept for people to see. */
  z.object({
    ...envelope,
    type: z.literal('resultAck'),
    taskId: z.string(),
    epoch: z.number().int(),
    outcome: z.enum(['accepted', 'duplicate', 'late', 'unknown']),
  }),
  z.object({ ...envelope, type: z.literal('abort'), taskId: z.string(), epoch: z.number().int() }),
  z.object({ ...envelope, type: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;
