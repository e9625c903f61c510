#!/usr/bin/env node
/** Known vulnerabilities of what is installed, and the jars of the change engine by their hashes. Names what fails, and what was accepted and why. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acceptedVulnerabilities, installedPackages, jarComplaints, vulnerabilityComplaints } from './dist/index.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const installed = installedPackages(root);
const complaints = [...vulnerabilityComplaints(installed), ...jarComplaints(root)];
for (const complaint of complaints) console.error(complaint);
for (const accepted of acceptedVulnerabilities(installed)) console.log(`accepted: ${accepted}`);
console.log(`${installed.length} packages looked at`);
process.exitCode = complaints.length > 0 ? 1 : 0;
