import type { StepResult, StepWork } from '@sluice/delegate-protocol';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import type { z } from 'zod';

/** What NG manager and dbdevops call the work of a DB step. */
export type DbCommand = 'Update' | 'Rollback';

/** A database and the changelog for it, as the YAML names them. */
export interface DbTarget {
  readonly dbSchema: string;
  readonly dbInstance: string;
}

/** An engine node shown below the step in the execution graph (api-contract 6.7). */
interface ShownPart {
  readonly role: 'resource' | 'clone' | 'command';
  readonly stepType: string;
  readonly name: string;
}

/** What a user writes in YAML, and how it becomes work for a step container. One folder per type. */
export interface StepType<Spec = unknown> {
  readonly type: string;
  /** Name a person sees. */
  readonly title: string;
  /** YAML validation; the form in the UI comes from it too. */
  readonly spec: z.ZodType<Spec>;
  readonly command: DbCommand;
  readonly shownAs: { readonly stepType: string; readonly parts: readonly ShownPart[] };
  target(spec: Spec): DbTarget;
  /** @param source name of the pod's source that holds the changelog @throws AppError PLAN_CREATION_ERROR for what the schema's tool cannot do */
  toWork(spec: Spec, inputs: DbStepInputs, source: string): StepWork;
  /** Values other steps may use as `<+….output.NAME>`. */
  toOutputs(result: StepResult): Readonly<Record<string, unknown>>;
}

/** Keeps the spec's type inside and gives the registry one shape: every function parses nothing, the caller has parsed `spec` already. */
export function defineStepType<Spec>(definition: StepType<Spec>): StepType {
  return definition as StepType;
}
