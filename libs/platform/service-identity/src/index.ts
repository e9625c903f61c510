export {
  SERVICE_NAMES,
  ServiceIdentity,
  type CallIdentity,
  type ServiceName,
  type TokenPurpose,
  type VerifiedCall,
} from './service-identity.js';
