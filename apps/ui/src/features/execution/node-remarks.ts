import { resourceHolder, type ResourceHolder } from '@sluice/pipeline-api';
import { z } from 'zod';

import type { ExecutionNode } from './execution.api.js';

const notes = z.object({ notes: z.array(z.string()) });
const runInfo = z.object({ whenCondition: z.string().min(1), evaluatedCondition: z.boolean() });

/** What the engine says about a node besides its status: what it waits for, and which condition decided about it. */
export function remarksOf(node: ExecutionNode): readonly string[] {
  const told = notes.safeParse(node.progressData);
  const decided = runInfo.safeParse(node.nodeRunInfo);
  const condition = decided.success
    ? [
        `${decided.data.evaluatedCondition ? 'Runs' : 'Does not run'} because of its condition: ${decided.data.whenCondition}`,
      ]
    : [];
  return [...condition, ...(told.success ? told.data.notes : [])];
}

const held = z.object({ resourceHolder });

/** The run that holds the database instance the step waits for, while it waits. */
export function holderOf(node: ExecutionNode): ResourceHolder | undefined {
  const waits = held.safeParse(node.progressData);
  return waits.success ? waits.data.resourceHolder : undefined;
}

/** Outputs by name, without the level that says no more than that they are outputs. */
export function outputsOf(node: ExecutionNode): unknown {
  const names = Object.keys(node.outcomes);
  return names.length === 1 && names[0] === 'output' ? node.outcomes['output'] : node.outcomes;
}

const parameters = z.object({ type: z.string().min(1) });

/** The step's type as the user wrote it; the engine's own name where it is not known. */
export function typeOf(node: ExecutionNode): string {
  const written = parameters.safeParse(node.stepParameters);
  return written.success ? written.data.type : node.stepType;
}
