export { SecretMasker } from './masker.js';
