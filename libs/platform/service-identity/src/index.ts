export { SERVICE_NAMES, ServiceIdentity, type CallIdentity, type ServiceName, type VerifiedCall } from './service-identity.js';
