export { removeDataFolder } from './data-folder.js';
export { runFirstDeployment } from './first-deployment.js';
export { rowOf } from './network-table.js';
export { startStack, type Restartable, type Stack, type StackOptions } from './stack.js';
export { type Hop } from './trace-receiver.js';
