export { MASK, SecretMasker, type MaskStream } from './masker.js';
export { MINIMUM_LENGTH, isTooPlain, secretForms } from './secret-forms.js';
