export { describeExclusion, exclusionOf, isPassing, missingSelectors, type Candidate, type Exclusion, type Requirement } from './eligibility.js';
export { explainSelection, selectDelegates, type Refusal, type Selection } from './selection.js';
