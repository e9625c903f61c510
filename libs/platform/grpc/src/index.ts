export { GrpcClient, type CallOptions } from './client.js';
export { GrpcErrorFilter, statusOf } from './errors.js';
export { traceparentOf } from './metadata.js';
export { rehearse } from './rehearsal.js';
export { streamOf } from './stream.js';
export {
  clientCredentials,
  readTlsFiles,
  requirePeer,
  serverCredentials,
  type AuthenticatedCall,
  type TlsMaterial,
} from './tls.js';
export { ServiceClient } from './service-client.js';
export { ServiceServer, type ServiceCall, type ServiceHandlers } from './service-server.js';
