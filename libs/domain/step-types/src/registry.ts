import type { Capability } from '@sluice/pipeline-engine';
import type { z } from 'zod';
import { CAPABILITIES } from './capabilities.js';
import { dbSchemaApply } from './db-schema-apply/index.js';
import { dbSchemaRollback } from './db-schema-rollback/index.js';
import type { StepType } from './step-type.js';

/** Every step type there is: one line each. */
export const STEP_TYPES: readonly StepType[] = [dbSchemaApply, dbSchemaRollback];

/** The step types by name, in the form the pipeline engine asks for. @throws Error when two types share a name */
export class StepTypeRegistry {
  private readonly byName: ReadonlyMap<string, StepType>;

  readonly capabilities: readonly Capability[] = CAPABILITIES;

  constructor(types: readonly StepType[] = STEP_TYPES) {
    this.byName = new Map(types.map((type) => [type.type, type]));
    if (this.byName.size !== types.length) throw new Error('two step types have the same name');
  }

  get names(): readonly string[] {
    return [...this.byName.keys()];
  }

  specOf(type: string): z.ZodType | undefined {
    return this.byName.get(type)?.spec;
  }

  needsStepGroup(type: string): boolean {
    return this.byName.has(type);
  }

  find(type: string): StepType | undefined {
    return this.byName.get(type);
  }
}
