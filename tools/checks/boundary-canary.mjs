#!/usr/bin/env node
/**
 * Proves that the lint rules bite: each case below breaks one of them and must be reported. A boundary rule that finds no
 * project graph passes everything in silence, which is why this exists. Nothing is written into the packages: ESLint
 * gets text that claims to lie there, oxlint gets files in a temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const BOUNDARIES = [
  { rule: 'an app imports no other app', file: 'apps/gateway/src/canary.ts', imports: '@sluice/pipeline' },
  { rule: 'a lib imports no app', file: 'libs/platform/http/src/canary.ts', imports: '@sluice/gateway' },
  {
    rule: 'domain code knows no framework',
    file: 'libs/domain/pipeline-engine/src/canary.ts',
    imports: '@nestjs/common',
  },
  { rule: 'domain code knows no database', file: 'libs/domain/step-types/src/canary.ts', imports: 'typeorm' },
  { rule: 'contracts do not import plumbing', file: 'libs/contracts/log-api/src/canary.ts', imports: '@sluice/http' },
  { rule: 'the kernel imports nothing of ours', file: 'libs/kernel/src/canary.ts', imports: '@sluice/log-api' },
  { rule: 'platform code knows no domain', file: 'libs/platform/grpc/src/canary.ts', imports: '@sluice/step-types' },
  { rule: 'the delegate owns no tables', file: 'apps/delegate/src/canary.ts', imports: '@sluice/persistence' },
  { rule: 'a step container does not reach Redis', file: 'apps/step-runner/src/canary.ts', imports: '@sluice/redis' },
  {
    rule: 'a domain lib private to one service stays private',
    file: 'apps/dbdevops/src/canary.ts',
    imports: '@sluice/delegate-selection',
  },
  { rule: 'the browser runs no Node code', file: 'apps/ui/src/canary.ts', imports: '@sluice/telemetry' },
  { rule: 'product code imports no test code', file: 'apps/scm/src/canary.ts', imports: '@sluice/testing' },
  {
    rule: 'packages are imported by name, not by path',
    file: 'apps/scm/src/canary.ts',
    imports: '../../../libs/kernel/src/index.js',
  },
];

const ALLOWED = [
  { rule: 'a spec may use test code', file: 'apps/scm/src/canary.spec.ts', imports: '@sluice/testing' },
  { rule: 'an app may import contracts', file: 'apps/gateway/src/canary.ts', imports: '@sluice/ng-manager-api' },
];

const lines = (count) =>
  Array.from({ length: count }, (_, index) => `export const line${index} = ${index};`).join('\n');
const HABITS = [
  { rule: 'typescript(no-explicit-any)', files: { 'any.ts': 'export const x: any = 1;' } },
  {
    rule: 'import(no-cycle)',
    files: {
      'a.ts': `import { b } from './b.js';\nexport const a = () => b;`,
      'b.ts': `import { a } from './a.js';\nexport const b = () => a;`,
    },
  },
  { rule: 'eslint(max-lines)', files: { 'long.ts': lines(401) } },
  { rule: 'eslint(no-console)', files: { 'talk.ts': `console.log('hello');` } },
  { rule: 'eslint(no-warning-comments)', files: { 'later.ts': `// ${'TO'}DO: later\nexport const later = 1;` } },
  {
    rule: 'jest(no-disabled-tests)',
    files: { 'skipped.spec.ts': `import { it } from '@jest/globals';\nit.${'skip'}('x', () => undefined);` },
  },
  {
    rule: 'jest(no-focused-tests)',
    files: { 'focused.spec.ts': `import { it } from '@jest/globals';\nit.${'only'}('x', () => undefined);` },
  },
  { rule: 'typescript(ban-ts-comment)', files: { 'ignored.ts': `// @ts-${'ignore'}\nexport const x: number = 'a';` } },
];

async function checkBoundaries() {
  const { ESLint } = await import('eslint');
  const eslint = new ESLint({ cwd: root });
  const findings = async ({ file, imports }) => {
    const [result] = await eslint.lintText(`import * as canary from '${imports}';\nexport { canary };\n`, {
      filePath: join(root, file),
    });
    return result?.messages.filter((message) => message.ruleId === '@nx/enforce-module-boundaries') ?? [];
  };
  const complaints = [];
  for (const one of BOUNDARIES)
    if ((await findings(one)).length === 0)
      complaints.push(`not reported: ${one.rule} (${one.file} imports ${one.imports})`);
  for (const one of ALLOWED) {
    const [wrong] = await findings(one);
    if (wrong) complaints.push(`wrongly reported: ${one.rule} (${one.file} imports ${one.imports}): ${wrong.message}`);
  }
  return complaints;
}

function checkHabits() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-canary-'));
  try {
    const complaints = [];
    for (const [index, { rule, files }] of HABITS.entries()) {
      const own = join(folder, String(index), 'libs/canary/src');
      mkdirSync(own, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), `${text}\n`);
      const result = spawnSync(
        join(root, 'node_modules/.bin/oxlint'),
        ['-c', join(root, '.oxlintrc.json'), '-f', 'json', own],
        { encoding: 'utf8', cwd: root },
      );
      const codes = JSON.parse(result.stdout).diagnostics.map((diagnostic) => diagnostic.code);
      if (!codes.includes(rule)) complaints.push(`not reported: ${rule} (found ${codes.join(', ') || 'nothing'})`);
    }
    return complaints;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// The boundary rule reads Nx's cached graph; without one it lets everything pass.
const graph = spawnSync(process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), 'show', 'projects'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, NX_TUI: 'false', NX_DAEMON: 'false' },
});
if (graph.status !== 0) throw new Error(`nx show projects failed:\n${graph.stdout}${graph.stderr}`);
const complaints = [...(await checkBoundaries()), ...checkHabits()];
for (const complaint of complaints) console.error(complaint);
console.log(
  `${BOUNDARIES.length + ALLOWED.length + HABITS.length} lint rules tried, ${complaints.length} did not hold`,
);
process.exit(complaints.length === 0 ? 0 : 1);
