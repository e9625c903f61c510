export { authenticateKey, signedIn, type SignedIn } from './authentication.js';
export { dbStepInputs, reportDbStep, resolveDbStepInputs, runSettings, sealSecrets, type DbStepInputs } from './step-inputs.js';
