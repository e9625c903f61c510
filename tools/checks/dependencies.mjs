#!/usr/bin/env node
/**
 * Licences and known vulnerabilities of what is installed, and the jars of the change engine by their hashes. Names what fails, and what was accepted
 * and why. `npm run packages` runs it by itself.
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  acceptedVulnerabilities,
  installedPackages,
  jarComplaints,
  licenceComplaints,
  licenceSummary,
  licensedPackages,
  vulnerabilityComplaints,
} from './dist/index.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const installed = installedPackages(root);
const licensed = licensedPackages(root);
const complaints = [...vulnerabilityComplaints(installed), ...jarComplaints(root), ...licenceComplaints(licensed)];
for (const line of licenceSummary(licensed)) console.log(line);
for (const accepted of acceptedVulnerabilities(installed)) console.log(`accepted: ${accepted}`);
for (const complaint of complaints) console.error(complaint);
console.log(
  `${installed.length} packages looked at: ${complaints.length === 0 ? 'nothing to mend' : `${complaints.length} to mend`}`,
);
process.exitCode = complaints.length > 0 ? 1 : 0;
