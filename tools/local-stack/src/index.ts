export { type SeededAccount } from './accounts.js';
export { type AppName } from './app-environment.js';
export { removeDataFolder } from './data-folder.js';
export { runFirstDeployment, type FirstDeployment } from './first-deployment.js';
export { type GitServer, type SeenGitRequest } from './git-server.js';
export { NETWORK_TABLE, rowOf, type NetworkRow } from './network-table.js';
export { startStack, type CustomerDatabase, type Restartable, type Stack, type StackOptions } from './stack.js';
export { type Hop, type ReceivedSpan, type SeenCall, type TraceReceiver } from './trace-receiver.js';
