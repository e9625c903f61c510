import { evaluate, type Lookup, type Unresolved } from './expressions.js';
import { ancestry, nodeOf, type Plan, type PlanNode } from './plan.js';

const ABSOLUTE = /^pipeline\.stages\.\w+\.spec\.execution\.(?:steps|rollbackSteps)\..+\.output\.\w+$/;
const IN_STAGE = /^(?:stage\.spec\.)?execution\.(?:steps|rollbackSteps)\..+\.output\.\w+$/;
const IN_GROUP = /^steps\.(?:\w+\.steps\.)*\w+\.output\.\w+$/;

/** Does the reference name the output of a step? Such values exist only once the step has run. */
export function isOutputReference(body: string): boolean {
  return ABSOLUTE.test(body) || IN_STAGE.test(body) || IN_GROUP.test(body);
}

/** Outputs of a step that has ended, by its `baseFqn`; undefined when it has none or has not ended. */
export type OutputsOf = (baseFqn: string) => Readonly<Record<string, unknown>> | undefined;

/** Replaces output references in a step's spec at the moment it begins. */
export function resolveOutputs<T>(
  plan: Plan,
  nodeId: string,
  value: T,
  outputsOf: OutputsOf,
): { readonly value: T; readonly unresolved: readonly Unresolved[] } {
  const result = evaluate(value, outputLookup(plan, nodeId, outputsOf));
  return { value: result.value as T, unresolved: result.unresolved };
}

/** Looks references of `nodeId` up among the outputs there are. */
export function outputLookup(plan: Plan, nodeId: string, outputsOf: OutputsOf): (body: string) => Lookup {
  return (body) => {
    const absolute = absoluteReference(plan, nodeId, body);
    if (absolute === undefined) return { kind: 'unknown', reason: 'nothing has this name while the step runs' };
    const at = absolute.lastIndexOf('.output.');
    const [fqn, name] = [absolute.slice(0, at), absolute.slice(at + '.output.'.length)];
    const step = Object.values(plan.nodes).find((node) => node.baseFqn === fqn && node.kind === 'step');
    if (!step) return { kind: 'unknown', reason: `there is no step ${fqn}` };
    const outputs = outputsOf(fqn);
    if (!outputs) return { kind: 'unknown', reason: `step "${step.identifier}" has not run` };
    const value = outputs[name];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return { kind: 'value', value };
    const names = Object.keys(outputs);
    return {
      kind: 'unknown',
      reason: `step "${step.identifier}" has no output "${name}"; it has ${names.length > 0 ? names.join(', ') : 'none'}`,
    };
  };
}

function absoluteReference(plan: Plan, nodeId: string, body: string): string | undefined {
  if (ABSOLUTE.test(body)) return body;
  const node = nodeOf(plan, nodeId);
  if (IN_STAGE.test(body)) {
    const stage = node.stageId === null ? undefined : nodeOf(plan, node.stageId);
    return stage && `${stage.baseFqn}.spec.${body.replace(/^stage\.spec\./, '')}`;
  }
  if (!IN_GROUP.test(body)) return undefined;
  const group = enclosing(plan, nodeId);
  return group && `${group.baseFqn}.${body}`;
}

/** The nearest step group around a node, or its stage's execution, whose own name is part of the reference. */
function enclosing(plan: Plan, nodeId: string): PlanNode | undefined {
  return ancestry(plan, nodeId)
    .slice(1)
    .find((node) => node.kind === 'stepGroup' || node.kind === 'execution');
}
