export { conformance } from './conformance/command.js';
export { containerComplaints, dockerfileComplaints } from './container-files.js';
export { generatedDocuments, type GeneratedDocument } from './generated-documents.js';
export { licenceComplaints, licenceSummary, licensedPackages } from './dependencies/licences.js';
export {
  acceptedVulnerabilities,
  installedPackages,
  jarComplaints,
  vulnerabilityComplaints,
} from './dependencies/dependency-check.js';
