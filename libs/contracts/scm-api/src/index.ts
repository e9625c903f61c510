export { listBranches, listCommits, readRepositoryFile, repositoryAccess } from './git.js';
