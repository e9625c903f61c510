import { changedPaths } from './changed-paths.js';
import { isSecretKind, redact, type Json } from './redaction.js';

/** How something looked before and after a change as it is kept: without secrets, and bounded. */
export interface ShownStates {
  readonly before: Json;
  readonly after: Json;
  /** Paths of what differs; none when one of the two was not there. */
  readonly changes: readonly string[];
}

/** @param resourceType camelCase noun: of a secret, all values are secret @param before undefined for what is new @param after undefined for what is gone */
export function shownStates(resourceType: string, before: unknown, after: unknown): ShownStates {
  return {
    before: redact(before, isSecretKind(resourceType)),
    after: redact(after, isSecretKind(resourceType)),
    changes: isThere(before) && isThere(after) ? changedPaths(before, after) : [],
  };
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}
