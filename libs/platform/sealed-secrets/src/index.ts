export { generateSealingKeyPair, open, seal, sealingContext, type SealingKeyPair } from './sealed-secrets.js';
