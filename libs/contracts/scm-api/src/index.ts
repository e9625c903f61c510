import './schema-names.js';
export { listBranches, listCommits, readRepositoryFile, scmRoutes, type RepositoryAccess } from './git.js';
