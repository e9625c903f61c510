import { hasExpression, type Plan, type PlanNode } from '@sluice/pipeline-engine';

/** A connector the steps of a plan need besides those of their databases. */
export interface ConnectorUse {
  readonly purpose: 'image' | 'cluster';
  /** As it is written: `id`, `org.id` or `account.id`. */
  readonly ref: string;
  readonly fqn: string;
  readonly stageName: string | null;
  /** Null for what a step group names. */
  readonly stepName: string | null;
}

const MAX_USES = 256;

/** Each connector once per purpose, at the first place that names it. References that are outputs of steps are known only in a run. */
export function connectorUsesOf(plan: Plan): ConnectorUse[] {
  const found = new Map<string, ConnectorUse>();
  for (const node of Object.values(plan.nodes)) {
    for (const use of usesOf(plan, node)) {
      const key = `${use.purpose} ${use.ref}`;
      if (!hasExpression(use.ref) && !found.has(key) && found.size < MAX_USES) found.set(key, use);
    }
  }
  return [...found.values()];
}

function usesOf(plan: Plan, node: PlanNode): ConnectorUse[] {
  const stageName = node.stageId === null ? null : (plan.nodes[node.stageId]?.name ?? null);
  const ofGroup = (node.infraConnectors ?? []).map(({ key, ref }): ConnectorUse => ({
    purpose: key === 'connectorRef' ? 'cluster' : 'image',
    ref,
    fqn: `${node.baseFqn}.stepGroupInfra.spec.${key}`,
    stageName,
    stepName: null,
  }));
  const ref = node.step?.spec['connectorRef'];
  if (typeof ref !== 'string' || ref === '') return ofGroup;
  return [
    ...ofGroup,
    { purpose: 'image', ref, fqn: `${node.baseFqn}.spec.connectorRef`, stageName, stepName: node.name },
  ];
}
