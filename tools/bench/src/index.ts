import { messageOf } from '@sluice/kernel';
import { benchApply } from './apply.js';

/** A benchmark answers one flat object; its `name` comes first. Figures are medians unless their name says otherwise. */
export interface BenchResult {
  readonly name: string;
  readonly [figure: string]: string | number | boolean | readonly number[];
}

export interface BenchOptions {
  readonly runs: number;
  readonly say: (text: string) => void;
}

const BENCHMARKS: Readonly<Record<string, { readonly about: string; run(options: BenchOptions): Promise<BenchResult> }>> = {
  apply: { about: 'a full pipeline execution that applies one new changeset, against the stock Liquibase command line; hold ratio <= 1.0', run: benchApply },
};

const USAGE = `Usage: npm run bench -- <name> [--runs N]

${Object.entries(BENCHMARKS).map(([name, { about }]) => `  ${name.padEnd(8)} ${about}`).join('\n')}

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
  const runs = rest[0] === '--runs' ? Number(rest[1]) : 7;
  if (!Number.isInteger(runs) || runs < 1 || runs > 100) {
    console.error('--runs takes a whole number from 1 to 100');
    return 2;
  }
  try {
    const result = await bench.run({ runs, say: (text) => console.log(text) });
    console.log(JSON.stringify(result));
    return 0;
  } catch (cause: unknown) {
    console.error(`benchmark ${name} failed: ${messageOf(cause)}`);
    return 1;
  }
}
