export { bootstrap } from './bootstrap.js';
export { resolve, type ForwardTarget, type Target } from './routing/resolve.js';
