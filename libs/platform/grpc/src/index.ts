export { GrpcClient, type CallOptions, type GrpcService, type StreamOptions } from './client.js';
export { GrpcErrorFilter, errorFromGrpc } from './errors.js';
export { traceMetadata, traceparentOf } from './metadata.js';
export { clientCredentials, readTlsFiles, requirePeer, serverCredentials, type AuthenticatedCall, type TlsFiles, type TlsMaterial } from './tls.js';
