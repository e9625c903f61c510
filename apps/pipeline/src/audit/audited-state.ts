import { AppError } from '@sluice/kernel';
import { parseYaml } from '@sluice/pipeline-engine';
import { shownStates, type ShownStates } from '@sluice/security-events';

/** A stored document, as the audit trail shows it. */
export interface Described {
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Valid when it was stored. */
  readonly yaml: string;
}

/**
 * How a stored document looked before and after a change: its YAML as an object, so that secrets in it are found by their keys and changes by their paths.
 * @param before undefined for a new one @param after undefined for one that goes
 */
export function documentStates(
  resourceType: string,
  before: Described | undefined,
  after: Described | undefined,
): ShownStates {
  return shownStates(
    resourceType,
    before && stateOf(before, documentOf(before)),
    after && stateOf(after, documentOf(after)),
  );
}

/** The same for documents that cannot be read. Their text is not shown, for it may hold secrets. */
export function unreadStates(
  resourceType: string,
  before: Described | undefined,
  after: Described | undefined,
  why: string,
): ShownStates {
  return shownStates(resourceType, before && stateOf(before, notShown(why)), after && stateOf(after, notShown(why)));
}

function stateOf({ name, description, tags }: Described, document: unknown): Readonly<Record<string, unknown>> {
  return { name, description, tags, document };
}

/** Limits may be tighter now than when it was stored: it can be replaced and deleted all the same. */
function documentOf({ yaml }: Described): unknown {
  try {
    return parseYaml(yaml, 'the stored document').value;
  } catch (cause) {
    if (cause instanceof AppError) return notShown(cause.message);
    throw cause;
  }
}

function notShown(why: string): string {
  return `not shown: ${why}`;
}
