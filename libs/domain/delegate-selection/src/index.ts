export { exclusionOf, type Candidate, type Requirement } from './eligibility.js';
export { explainSelection, selectDelegates, type Selection } from './selection.js';
