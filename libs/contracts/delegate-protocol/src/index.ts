export { changelogLock, lockRelease, type ChangelogLock, type ChangelogLockAnswer, type ChangelogLockTask, type LockRelease } from './changelog-lock.js';
export { WHOLE_COMMIT_ID_RULE, isWholeCommitId } from './commit-id.js';
export { type ServiceTarget, type TestJdbcTask, type TestServiceTask } from './connection-tests.js';
export { formatDelegateToken, newDelegateToken, parseDelegateToken, type DelegateTokenValue } from './delegate-token.js';
export { CLOSE_CODES, DELEGATE_PATH, HELLO_LIMITS, INSTANCE_HEADER, KEY_PROOF_VERSION, MAX_FRAME_BYTES, PROTOCOL_VERSION, SUBPROTOCOL, delegateMessage, keyProofContext, serverMessage, type DelegateMessage, type HeldLease, type ServerMessage } from './messages.js';
export {
  LIQUIBASE_SETTINGS,
  changesetId,
  failureType,
  historyRow,
  jdbcTarget,
  logLine,
  secretSlot,
  stepResult,
  stepWork,
  type ChangesetOutcome,
  type FailureType,
  type HistoryRow,
  type LogLine,
  type SecretSlot,
  type StepResult,
  type StepWork,
} from './step-work.js';
export {
  TASK_KINDS,
  gitSource,
  expressionsOfSource,
  secretExpressionsOf,
  secretScopeOf,
  taskPayload,
  taskResult,
  type CleanupPodTask,
  type ExecuteStepTask,
  type GitSource,
  type InitialisePodTask,
  type TaskKind,
  type TaskFailure,
  type TaskPayload,
  type TaskResult,
  type TestGitTask,
} from './tasks.js';
