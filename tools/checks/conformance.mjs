#!/usr/bin/env node
/** Every route of the public contract is served, every public route has a conformance case: the same as `npm run conformance`, on what is built. */
import { conformance } from './dist/index.js';

const { text, exitCode } = conformance(process.argv.slice(2));
process.stdout.write(text);
process.exitCode = exitCode;
