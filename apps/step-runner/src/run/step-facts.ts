import type { ChangesetOutcome, StepResult } from '@sluice/delegate-protocol';

/** Masks the secrets of one text. */
export type Mask = (text: string) => string;

/** Outputs that consist of facts: a tag, and changesets whose texts are masked. */
const FACT_OUTPUTS: ReadonlySet<string> = new Set(['preStartTag', 'changeSets', 'ChangeSets']);

/**
 * Masks what people wrote and what the database said. What names a changeset (id, author, file, tag, checksum, contexts, labels) stays as it is in the
 * database: changed names are names of other changesets, and two of them may become equal.
 */
export function maskOutcome(outcome: ChangesetOutcome, mask: Mask): ChangesetOutcome {
  const { description, comment, error, ...facts } = outcome;
  return {
    ...facts,
    ...present({
      description: maskText(description, mask),
      comment: maskText(comment, mask),
      error: maskText(error, mask),
    }),
  };
}

/** Masks the texts of a result, as {@link maskOutcome} does, and what its error and its outputs say. */
export function maskResult(result: StepResult, mask: Mask): StepResult {
  const { error, changesets, history, pending, outputs } = result;
  return {
    ...result,
    ...(error ? { error: { ...error, message: mask(error.message) } } : {}),
    changesets: changesets.map((outcome) => maskOutcome(outcome, mask)),
    history:
      history &&
      history.map((row) => ({
        ...row,
        description: row.description && mask(row.description),
        comments: row.comments && mask(row.comments),
      })),
    pending:
      pending &&
      pending.map(({ comment, ...names }) => ({ ...names, ...present({ comment: maskText(comment, mask) }) })),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, FACT_OUTPUTS.has(name) ? value : mask(value)]),
    ),
  };
}

/** Every name in a result that is shown as it is and that people have chosen. */
export function namesIn({ changesets, history, pending }: StepResult): string[] {
  const ids = [...changesets, ...(history ?? []), ...(pending ?? [])].flatMap(({ id, author, file }) => [
    id,
    author,
    file,
  ]);
  return [...new Set([...ids, ...(history ?? []).flatMap(({ tag }) => (tag === null ? [] : [tag]))])];
}

function maskText(text: string | undefined, mask: Mask): string | undefined {
  return text === undefined ? undefined : mask(text);
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
