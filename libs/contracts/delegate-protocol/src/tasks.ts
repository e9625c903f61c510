import { accountScope, type Scope } from '@sluice/kernel';
import { z } from 'zod';
import { changelogLockAnswer, changelogLockTask } from './changelog-lock.js';
import { testJdbcTask, testServiceTask } from './connection-tests.js';
import { failureType, secretExpression, secretSlot, stepResult, stepWork } from './step-work.js';

/** A Git repository and the ref to check out. Credentials are expressions; only the delegate ever sees their values. */
export const gitSource = z.object({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  url: z.string().min(1),
  /** Exactly one is given; the delegate answers with the commit it found. */
  branch: z.string().optional(),
  commitSha: z.string().optional(),
  gitTag: z.string().optional(),
  username: z.string().optional(),
  usernameExpression: secretExpression.optional(),
  passwordExpression: secretExpression.optional(),
  /** Private key for an SSH address, and what it is locked with. `username` is then who signs in, unless the address says so. */
  sshKeyExpression: secretExpression.optional(),
  sshPassphraseExpression: secretExpression.optional(),
});
export type GitSource = z.infer<typeof gitSource>;

/** Where the pod sends its logs, with a token that only allows writing below `keyPrefix`. */
const logSink = z.object({ baseUrl: z.string(), accountId: z.string(), token: z.string(), keyPrefix: z.string() });

/** Creates the pod of a step group: fetches the sources, resolves secrets, starts the engine and one container per step. */
const initialisePodTask = z.object({
  kind: z.literal('initialise-pod'),
  podId: z.string(),
  sources: z.array(gitSource),
  steps: z.array(
    z.object({
      stepExecutionId: z.string(),
      identifier: z.string(),
      secrets: z.array(secretSlot),
      changelogPaths: z.array(z.object({ source: z.string(), path: z.string() })),
    }),
  ),
  logs: logSink,
  /** Log key of the Initialize step: fetch progress and pod events go there. */
  logKey: z.string(),
});

/** Runs one step inside an existing pod. Answered when the step has ended. */
const executeStepTask = z.object({
  kind: z.literal('execute-step'),
  podId: z.string(),
  stepExecutionId: z.string(),
  logKey: z.string(),
  timeoutMs: z.number().int().min(1000),
  work: stepWork,
});

const cleanupPodTask = z.object({ kind: z.literal('cleanup-pod'), podId: z.string() });

/** Proves that a Git repository answers with these credentials (`ls-remote`). */
const testGitTask = z.object({ kind: z.literal('test-git'), source: gitSource });

/** What a delegate can be asked to do. The kind decides which delegates are capable of it. */
export const taskPayload = z.discriminatedUnion('kind', [
  initialisePodTask,
  executeStepTask,
  cleanupPodTask,
  testJdbcTask,
  testGitTask,
  testServiceTask,
  changelogLockTask,
]);
export type TaskPayload = z.infer<typeof taskPayload>;
export type TaskKind = TaskPayload['kind'];
export type InitialisePodTask = z.infer<typeof initialisePodTask>;
export type ExecuteStepTask = z.infer<typeof executeStepTask>;
export type CleanupPodTask = z.infer<typeof cleanupPodTask>;
export type TestGitTask = z.infer<typeof testGitTask>;
export const TASK_KINDS = [
  'initialise-pod',
  'execute-step',
  'cleanup-pod',
  'test-jdbc',
  'test-git',
  'test-service',
  'changelog-lock',
] as const satisfies readonly TaskKind[];

/** The widest scope a secret of these expressions lives at, as seen from `scope`: at least that itself, for all of them lie on the line up from it. Pure. */
export function secretScopeOf(expressions: readonly string[], scope: Scope): Scope {
  const prefixes = expressions.map((expression) => /^<\+secrets\.getValue\("(account|org)\./.exec(expression)?.[1]);
  if (prefixes.includes('account')) return accountScope(scope.accountId);
  return prefixes.includes('org') && scope.level === 'project'
    ? { level: 'org', accountId: scope.accountId, orgId: scope.orgId }
    : scope;
}

/** The secret expressions a repository is reached with. */
export function expressionsOfSource({
  usernameExpression,
  passwordExpression,
  sshKeyExpression,
  sshPassphraseExpression,
}: GitSource): string[] {
  return [usernameExpression, passwordExpression, sshKeyExpression, sshPassphraseExpression].flatMap((expression) =>
    expression ? [expression] : [],
  );
}

/** Every secret expression a payload mentions, each once: what the delegate will ask to have sealed. */
export function secretExpressionsOf(payload: TaskPayload): string[] {
  const found = new Set<string>();
  const sources =
    payload.kind === 'initialise-pod' ? payload.sources : payload.kind === 'test-git' ? [payload.source] : [];
  for (const expression of sources.flatMap(expressionsOfSource)) found.add(expression);
  const slots =
    payload.kind === 'initialise-pod'
      ? payload.steps.flatMap((step) => step.secrets)
      : 'secrets' in payload
        ? payload.secrets
        : [];
  for (const slot of slots) found.add(slot.expression);
  return [...found];
}

/** The end of a task that did not succeed. The message is for people: what happened, to what, what to do. */
const taskFailure = z.object({
  status: z.enum(['failed', 'aborted']),
  error: z.object({ message: z.string(), failureType }),
});
export type TaskFailure = z.infer<typeof taskFailure>;

/** The result of a task, by kind. `execute-step` carries the step's own result whatever its status. */
export const taskResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('initialise-pod'),
    outcome: z.union([
      z.object({ status: z.literal('succeeded'), commits: z.record(z.string(), z.string()), podAddress: z.string() }),
      taskFailure,
    ]),
  }),
  z.object({ kind: z.literal('execute-step'), outcome: stepResult }),
  z.object({
    kind: z.literal('cleanup-pod'),
    outcome: z.union([z.object({ status: z.literal('succeeded') }), taskFailure]),
  }),
  z.object({
    kind: z.literal('test-jdbc'),
    outcome: z.union([z.object({ status: z.literal('succeeded'), product: z.string() }), taskFailure]),
  }),
  z.object({
    kind: z.literal('test-git'),
    outcome: z.union([z.object({ status: z.literal('succeeded') }), taskFailure]),
  }),
  z.object({
    kind: z.literal('test-service'),
    outcome: z.union([z.object({ status: z.literal('succeeded'), product: z.string() }), taskFailure]),
  }),
  z.object({
    kind: z.literal('changelog-lock'),
    outcome: z.union([changelogLockAnswer.extend({ status: z.literal('succeeded') }), taskFailure]),
  }),
]);
export type TaskResult = z.infer<typeof taskResult>;
