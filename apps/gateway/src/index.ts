export { bootstrap } from './bootstrap.js';
export { resolve, type Target } from './routing/resolve.js';
