import { messageOf } from '@sluice/kernel';
import { benchApply } from './apply.js';
import { benchHistories } from './histories.js';
import { benchLists } from './lists/index.js';

/** A benchmark answers one flat object; its `name` comes first. Figures are medians unless their name says otherwise. */
export interface BenchResult {
  readonly name: string;
  /** False makes the command end with an error, once the result is printed. */
  readonly passed?: boolean;
  readonly [figure: string]: unknown;
}

export interface BenchOptions {
  readonly runs: number;
  /** Little data, to try the benchmark itself. */
  readonly isSmall: boolean;
  /** Folder in which the data stays for the next run; a temporary one where absent. */
  readonly keepIn: string | undefined;
  /** Only routes whose id holds this text. */
  readonly only: string | undefined;
  readonly say: (text: string) => void;
}

const BENCHMARKS: Readonly<
  Record<string, { readonly about: string; readonly runs: number; run(options: BenchOptions): Promise<BenchResult> }>
> = {
  apply: {
    about:
      'a full pipeline execution that applies one new changeset, against the stock Liquibase command line; hold ratio <= 1.0',
    runs: 7,
    run: benchApply,
  },
  histories: {
    about:
      'a deployment with nothing to do on a history table of 100,000 rows, against `update` of the stock command line; with the peak memory of every program',
    runs: 3,
    run: benchHistories,
  },
  lists: {
    about: 'every list of the API over 10,000 instances and 100,000 executions; p95 of each at most 200 ms',
    runs: 20,
    run: benchLists,
  },
};

const USAGE = `Usage: npm run bench -- <name> [--runs N] [--small] [--only TEXT] [--keep FOLDER]

${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}

The last line of output is one JSON object.`;

/** Runs one benchmark; answers the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || args.includes('--help')) {
    console.log(USAGE);
    return name === undefined ? 2 : 0;
  }
  const bench = BENCHMARKS[name];
  if (!bench) {
    console.error(`there is no benchmark "${name}"\n\n${USAGE}`);
    return 2;
  }
  const isSmall = rest.includes('--small');
  const option = (flag: string): string | undefined =>
    rest.includes(flag) ? (rest[rest.indexOf(flag) + 1] ?? '') : undefined;
  const runs = Number(option('--runs') ?? bench.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100) {
    console.error('--runs takes a whole number from 1 to 100');
    return 2;
  }
  try {
    const result = await bench.run({
      runs,
      isSmall,
      keepIn: option('--keep'),
      only: option('--only'),
      say: (text) => console.log(text),
    });
    console.log(JSON.stringify(result));
    return result.passed === false ? 1 : 0;
  } catch (cause: unknown) {
    console.error(`benchmark ${name} failed: ${messageOf(cause)}`);
    return 1;
  }
}
