import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayClient } from '@sluice/cli';
import { startStack } from '@sluice/local-stack';
import {
  changelogOf,
  median,
  prepareDeployment,
  round,
  throughCommandLine,
  throughSluice,
  timed,
} from './deployment.js';
import type { BenchOptions, BenchResult } from './index.js';

const WARM_UP = 1;

/**
 * (a) `POST …/execute` until the execution is final, through gateway, pipeline, delegate, pod and Liquibase, for one new changeset;
 * (b) the stock Liquibase command line doing the same on the same database server. Interleaved a b a b, so that the machine's mood hits both.
 */
export async function benchApply({ runs, say }: BenchOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const stack = await startStack({ dataDir: join(folder, 'data'), ports: { kind: 'free' }, onProgress: say });
  try {
    const gateway = new GatewayClient({ url: stack.gatewayUrl, apiKey: stack.apiKey });
    await prepareDeployment(stack, gateway);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 0; run < runs + WARM_UP; run += 1) {
      const changelog = changelogOf(run + 1);
      await stack.git.commit('bench', { 'changelog.sql': changelog });
      writeFileSync(join(folder, 'changelog.sql'), changelog);
      const a = await timed(() => throughSluice(gateway));
      const b = await timed(() => throughCommandLine(stack, folder));
      say(
        `${run < WARM_UP ? 'warm-up' : `run ${run - WARM_UP + 1}`}: sluice ${Math.round(a)} ms, liquibase ${Math.round(b)} ms`,
      );
      if (run < WARM_UP) continue;
      ours.push(a);
      theirs.push(b);
    }
    const [a, b] = [median(ours), median(theirs)];
    return {
      name: 'apply',
      ratio: round(a / b, 3),
      sluiceMs: Math.round(a),
      liquibaseMs: Math.round(b),
      runs,
      worstSluiceMs: Math.round(Math.max(...ours)),
    };
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
