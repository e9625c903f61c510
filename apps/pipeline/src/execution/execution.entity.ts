import type { NodeState, Plan, PlanOutline } from '@sluice/pipeline-engine';
import type { CallIdentity } from '@sluice/service-identity';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import type { TaskContext, TaskReport } from '../run/task.js';

@Entity('executions')
// Indexes the decorators cannot say (included columns, expressions) are made by migrations alone.
@Index('executions_for_search', { synchronize: false })
@Index('executions_of_pipeline', { synchronize: false })
@Index('executions_by_caller', { synchronize: false })
@Index('executions_filed_under', { synchronize: false })
@Index('executions_by_status', ['accountId', 'orgId', 'projectId', 'status', 'createdAt'])
@Index('executions_by_root', ['rootExecutionId'], { where: 'root_execution_id IS NOT NULL' })
@Index('executions_under_way', ['createdAt'], { where: 'ended_at IS NULL' })
export class ExecutionEntity extends ProjectRow {
  @PrimaryColumn({ name: 'plan_execution_id', type: 'text' })
  planExecutionId!: string;

  @Column({ name: 'pipeline_identifier', type: 'text' })
  pipelineIdentifier!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ name: 'run_sequence', type: 'int' })
  runSequence!: number;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'jsonb' })
  plan!: Plan;

  /** The plan without what lies in its stages, for lists. */
  @Column({ type: 'jsonb', select: false })
  outline!: PlanOutline;

  /** What the stages are filed under: {@link filingTerms}. */
  @Column({ name: 'filed_under', type: 'text', array: true, default: [], select: false })
  filedUnder!: string[];

  /** What a search looks at: {@link searchTextOf}. */
  @Column({ name: 'search_text', type: 'text', select: false })
  searchText!: string;

  /** Pipeline YAML with runtime input applied: what really ran. */
  @Column({ type: 'text' })
  yaml!: string;

  @Column({ name: 'input_yaml', type: 'text' })
  inputYaml!: string;

  @Column({ name: 'input_template_yaml', type: 'text', nullable: true })
  inputTemplateYaml!: string | null;

  @Column({ name: 'input_set_ids', type: 'jsonb', default: [] })
  inputSetIds!: string[];

  /** On whose behalf it runs. */
  @Column({ type: 'jsonb' })
  caller!: CallIdentity;

  @Column({ name: 'correlation_id', type: 'text' })
  correlationId!: string;

  @Column({ type: 'text', nullable: true })
  traceparent!: string | null;

  @Column({ type: 'text', nullable: true })
  notes!: string | null;

  /** Execution this one retries. */
  @Column({ name: 'retry_of', type: 'text', nullable: true })
  retryOf!: string | null;

  /** First execution of the chain of retries this one belongs to. */
  @Column({ name: 'root_execution_id', type: 'text', nullable: true })
  rootExecutionId!: string | null;

  @Column({ name: 'is_retried', type: 'boolean', default: false })
  isRetried!: boolean;

  /** Execution whose pipeline was run again as a whole. */
  @Column({ name: 'rerun_of', type: 'text', nullable: true })
  rerunOf!: string | null;

  /** Identifiers of the stages that were chosen to run; null for the whole pipeline. */
  @Column({ name: 'chosen_stages', type: 'jsonb', nullable: true })
  chosenStages!: string[] | null;

  @Column({ type: 'jsonb', default: {} })
  tags!: Record<string, string>;

  @Column({ name: 'module_type', type: 'text', nullable: true })
  moduleType!: string | null;

  /** Stage nodes whose result was taken over from the retried execution. */
  @Column({ name: 'taken_over', type: 'jsonb', default: [] })
  takenOver!: string[];

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'valid_until', type: 'bigint', transformer: asNumber })
  validUntil!: number;

  @Column({ name: 'ended_at', type: 'bigint', nullable: true, transformer: asNumber })
  endedAt!: number | null;

  @Column({ name: 'failure_message', type: 'text', nullable: true })
  failureMessage!: string | null;

  @Column({ name: 'interrupt_id', type: 'text', nullable: true })
  interruptId!: string | null;

  @Column({ name: 'interrupted_at', type: 'bigint', nullable: true, transformer: asNumber })
  interruptedAt!: number | null;

  @Column({ name: 'interrupted_by', type: 'text', nullable: true })
  interruptedBy!: string | null;

  /** Its workflow is known to the durable engine. */
  @Column({ name: 'is_started', type: 'boolean', default: false })
  isStarted!: boolean;
}

@Entity('execution_nodes')
@Index('execution_nodes_by_node', ['nodeId'])
export class ExecutionNodeEntity {
  @PrimaryColumn({ name: 'plan_execution_id', type: 'text' })
  planExecutionId!: string;

  @PrimaryColumn({ name: 'node_id', type: 'text' })
  nodeId!: string;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'jsonb' })
  state!: NodeState;

  @Column({ type: 'int', default: 1 })
  version!: number;
}

@Entity('execution_tasks')
@Index('execution_tasks_open', ['planExecutionId'], { where: "status = 'open'" })
@Index('execution_tasks_by_execution', ['planExecutionId'])
@Index('execution_tasks_to_stop', ['stopWantedAt'], { where: 'stop_wanted_at IS NOT NULL' })
@Index('execution_tasks_cleanups', ['createdAt'], { where: "kind = 'cleanup-pod' AND status <> 'ended'" })
export class ExecutionTaskEntity {
  @PrimaryColumn({ name: 'task_id', type: 'text' })
  taskId!: string;

  @Column({ name: 'plan_execution_id', type: 'text' })
  planExecutionId!: string;

  @Column({ name: 'node_id', type: 'text' })
  nodeId!: string;

  @Column({ name: 'workflow_id', type: 'text' })
  workflowId!: string;

  @Column({ type: 'text' })
  kind!: string;

  /** `open` until it ended or nobody waits for it any more (`abandoned`). */
  @Column({ type: 'text', default: 'open' })
  status!: string;

  @Column({ type: 'jsonb' })
  context!: TaskContext;

  @Column({ type: 'jsonb', nullable: true })
  report!: TaskReport | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'ended_at', type: 'bigint', nullable: true, transformer: asNumber })
  endedAt!: number | null;

  /** Since when it is to be stopped; null when it need not be, or is known to be over. */
  @Column({ name: 'stop_wanted_at', type: 'bigint', nullable: true, transformer: asNumber })
  stopWantedAt!: number | null;

  /** When every delegate has stopped it: known once the delegate service has taken the stop. */
  @Column({ name: 'stop_until', type: 'bigint', nullable: true, transformer: asNumber })
  stopUntil!: number | null;
}

@Entity('instance_locks')
@Index('instance_locks_one_holder', ['accountId', 'orgId', 'projectId', 'dbSchema', 'dbInstance'], {
  unique: true,
  where: 'granted_at IS NOT NULL',
})
@Index('instance_locks_queue', ['accountId', 'orgId', 'projectId', 'dbSchema', 'dbInstance', 'position'])
export class InstanceLockEntity extends ProjectRow {
  /** Task id of the step that wants the instance. */
  @PrimaryColumn({ name: 'holder', type: 'text' })
  holder!: string;

  @Column({ type: 'bigint', generated: 'increment' })
  position!: string;

  @Column({ name: 'db_schema', type: 'text' })
  dbSchema!: string;

  @Column({ name: 'db_instance', type: 'text' })
  dbInstance!: string;

  @Column({ name: 'plan_execution_id', type: 'text' })
  planExecutionId!: string;

  @Column({ name: 'workflow_id', type: 'text' })
  workflowId!: string;

  @Column({ name: 'queued_at', type: 'bigint', transformer: asNumber })
  queuedAt!: number;

  @Column({ name: 'granted_at', type: 'bigint', nullable: true, transformer: asNumber })
  grantedAt!: number | null;

  /** The waiting workflow has been told. */
  @Column({ name: 'is_told', type: 'boolean', default: false })
  isTold!: boolean;
}
