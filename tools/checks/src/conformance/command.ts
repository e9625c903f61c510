import { CONTRACT_ROUTES } from './contract-routes.js';
import { coverageOf, isFailure } from './coverage.js';
import { registeredHere } from './registered.js';
import { countsBySection, reportText } from './report.js';

const HELP = `Compares the routes of the public contract with what is served and what is tested.

  npm run conformance              a table by section, and every route that is missing, unreachable or untested by name
  npm run conformance -- --json    the same as one JSON object: {isComplete, counts, rows}

contract  routes that belong to what is served now ("ours": routes of our own, beside the contract)
served    a service lists the route, and the gateway leads every address of it there (with and without /gateway, and /dbops)
tested    the route has a complete conformance case (apps/e2e/src/conformance)
later     routes of the contract that later work brings

Needs nothing running. Exit code 1 when a route of the scope is missing or untested.
`;

/** `npm run conformance`. @returns what to print and the exit code */
export function conformance(args: readonly string[]): { readonly text: string; readonly exitCode: number } {
  if (args.includes('--help') || args.includes('-h')) return { text: HELP, exitCode: 0 };
  const unknown = args.find((arg) => arg !== '--json');
  if (unknown) return { text: `there is no option "${unknown}"\n\n${HELP}`, exitCode: 2 };
  const rows = coverageOf(CONTRACT_ROUTES, registeredHere());
  const isComplete = !rows.some(isFailure);
  const text = args.includes('--json')
    ? JSON.stringify({ isComplete, counts: countsBySection(rows), rows })
    : reportText(rows);
  return { text: `${text}\n`, exitCode: isComplete ? 0 : 1 };
}
