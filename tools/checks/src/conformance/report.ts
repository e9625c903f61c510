import { isFailure, type CoverageRow } from './coverage.js';

export interface CoverageCounts {
  readonly section: string;
  /** Routes of the contract that are required now; for our own section, all of them. */
  readonly required: number;
  readonly served: number;
  readonly tested: number;
  /** Routes of the contract that later work brings. */
  readonly later: number;
}

/** Counts by section, in the order of the contract, our own routes last. */
export function countsBySection(rows: readonly CoverageRow[]): readonly CoverageCounts[] {
  const sections = [...new Set(rows.map((row) => row.section))];
  return sections.map((section) => {
    const here = rows.filter((row) => row.section === section);
    const now = here.filter((row) => row.scope !== 'later work' || row.id !== undefined);
    return {
      section,
      required: now.length,
      served: now.filter((row) => row.isServed).length,
      tested: now.filter((row) => row.isTested).length,
      later: here.length - now.length,
    };
  });
}

/** The table people read. */
export function reportText(rows: readonly CoverageRow[]): string {
  const counts = countsBySection(rows);
  const total = (pick: (count: CoverageCounts) => number): number =>
    counts.reduce((sum, count) => sum + pick(count), 0);
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(10) : String(cell).padStart(10))).join('');
  const failures = rows.filter(isFailure);
  return [
    line(['section', 'contract', 'served', 'tested', 'later']),
    ...counts.map((count) => line([count.section, count.required, count.served, count.tested, count.later])),
    line([
      'all',
      total((count) => count.required),
      total((count) => count.served),
      total((count) => count.tested),
      total((count) => count.later),
    ]),
    ...(failures.length > 0
      ? ['', ...failures.map((row) => `${row.section.padEnd(7)}${row.route}: ${row.complaints.join('; ')}`)]
      : []),
    '',
    failures.length === 0
      ? 'every route of the contract is served and tested'
      : `${failures.length} routes are missing, unreachable or untested`,
  ].join('\n');
}
