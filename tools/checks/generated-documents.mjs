#!/usr/bin/env node
/**
 * Says which documents made from code differ from what is committed: an undeclared change of the public contract.
 * With `--write` (`npm run docs`) it writes them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedDocuments } from './dist/index.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const isCheck = !process.argv.includes('--write');
let differing = 0;
for (const { path, text } of generatedDocuments()) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  differing += 1;
  if (isCheck) console.error(`${path} differs from the code; if the change is meant, run "npm run docs" and commit it`);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
process.exitCode = isCheck && differing > 0 ? 1 : 0;
