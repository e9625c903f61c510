export { parseEnvironment, secretFile, type Environment } from './environment.js';
