import './schema-names.js';
export { listBranches, listCommits, readRepositoryFile, repositoryAccess, scmRoutes, type RepositoryAccess } from './git.js';
