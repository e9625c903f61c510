import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What is checked without running the product. Each is one command, and counts as one test.
 * @returns {{ name: string, args: string[], isQuick: boolean }[]} arguments for node, relative to the root
 */
export function staticChecks(root) {
  const typescript = 'node_modules/tsgo/lib/tsc.js';
  return [
    { name: 'format', args: ['node_modules/oxfmt/bin/oxfmt', '--check'], isQuick: true },
    { name: 'lint', args: ['tools/lint.mjs'], isQuick: true },
    {
      name: 'unused code and packages',
      args: ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'],
      isQuick: true,
    },
    { name: 'types', args: [typescript, '--noEmit', '-p', 'tsconfig.json'], isQuick: true },
    { name: 'types of the UI', args: [typescript, '--noEmit', '-p', 'apps/ui/tsconfig.json'], isQuick: true },
    ...readdirSync(join(root, 'tools/checks'))
      .filter((name) => name.endsWith('.mjs'))
      .sort()
      .map((name) => ({
        name: name.replace(/\.mjs$/, '').replaceAll('-', ' '),
        args: [`tools/checks/${name}`],
        isQuick: false,
      })),
  ];
}

/** Runs node with the output held back, shown when it fails. Answers whether it passed and how long it took. */
export async function runCheck(root, { name, args }) {
  const startedAt = Date.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('error', () => resolve(1)).once('close', resolve));
  return { name, isPassed: code === 0, seconds: (Date.now() - startedAt) / 1000, output };
}
