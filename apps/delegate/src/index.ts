export { bootstrap, type RunningDelegate } from './bootstrap.js';
