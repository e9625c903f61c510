export { GrpcClient, type CallOptions, type GrpcService, type StreamOptions } from './client.js';
export { GrpcErrorFilter, errorFromGrpc, statusOf } from './errors.js';
export { traceMetadata, traceparentOf } from './metadata.js';
export { rehearse } from './rehearsal.js';
export { streamOf } from './stream.js';
export { clientCredentials, readTlsFiles, requirePeer, serverCredentials, type AuthenticatedCall, type TlsFiles, type TlsMaterial } from './tls.js';
export { ServiceClient, type ServiceClientOptions } from './service-client.js';
export { ServiceServer, type ServiceCall, type ServiceHandlers, type ServiceServerOptions } from './service-server.js';
