import { plainText } from '@sluice/kernel';
import type { ChangesetState, InstanceState } from './entities.js';

const STATUS_WORDS: Readonly<Record<string, string>> = {
  Successfully_Deployed: 'deployed',
  Not_Deployed: 'not deployed',
  Deployment_Failed: 'FAILED',
  Rolled_Back: 'rolled back',
};

/** Names may be of any length; a table whose columns are wider than the terminal shows nothing. The UI has the whole name. */
const WIDEST_CELL = 80;

/** A table for the terminal, one line a changeset. Changesets that `planExecutionId` touched are marked. */
export function changesetTable(changesets: readonly ChangesetState[], planExecutionId: string): string {
  if (changesets.length === 0) return 'No changesets are known for this instance.';
  const rows = inOrderOfDeployment(changesets).map((one) => [
    one.changeSet,
    one.author,
    one.fileName,
    STATUS_WORDS[one.status] ?? one.status,
    one.planExecutionId === planExecutionId ? 'now' : 'before',
    one.tag ?? '',
  ]);
  const head = ['CHANGESET', 'AUTHOR', 'FILE', 'STATUS', 'RUN', 'TAG'];
  const table = [
    head,
    ...rows.map((row) =>
      (row[3] === 'not deployed' ? row.with(4, '') : row).map((cell) =>
        shortened(plainText(cell).replaceAll(/\s+/g, ' ')),
      ),
    ),
  ];
  const widths = head.map((_, column) => table.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shortened(cell: string): string {
  const characters = [...cell];
  return characters.length <= WIDEST_CELL ? cell : `${characters.slice(0, WIDEST_CELL - 1).join('')}…`;
}

/** The state routes list the newest first; people read a changelog from its beginning. What failed has no time of deployment and follows what was deployed; what is not deployed comes last. */
function inOrderOfDeployment(changesets: readonly ChangesetState[]): ChangesetState[] {
  const at = (one: ChangesetState): number =>
    one.status === 'Not_Deployed' ? Number.POSITIVE_INFINITY : one.deployedAt || Number.MAX_SAFE_INTEGER;
  return changesets.toReversed().sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)));
}

/** How many are deployed now, and how many of them this execution ran. */
export function countChangesets(
  changesets: readonly ChangesetState[],
  planExecutionId: string,
): { readonly deployed: number; readonly byThisRun: number } {
  const deployed = changesets.filter((one) => one.status === 'Successfully_Deployed');
  return {
    deployed: deployed.length,
    byThisRun: deployed.filter((one) => one.planExecutionId === planExecutionId).length,
  };
}

/** `3 changeset(s) run now, 11 deployed in all`; of a history that is not whole or not known, what is known of it. */
export function countsInWords({ changesets, isWhole, unknownSince }: InstanceState, planExecutionId: string): string {
  if (unknownSince !== undefined) {
    const since = new Date(unknownSince * 1_000).toISOString();
    return `the state of the database is not known since ${since}, because a run ended without its result; the changesets are those known before, and the next run that reaches the database corrects them`;
  }
  const { deployed, byThisRun } = countChangesets(changesets, planExecutionId);
  if (isWhole) return `${byThisRun} changeset(s) run now, ${deployed} deployed in all`;
  const atLeast = byThisRun === changesets.length ? 'at least ' : '';
  return `${atLeast}${byThisRun} changeset(s) run now; the newest ${changesets.length} are shown, the UI has them all`;
}
