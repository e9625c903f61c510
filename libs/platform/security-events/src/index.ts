export { EventShare, MOST_PER_KEY_AND_MINUTE } from './event-share.js';
export { denialNoted, noted, signInNoted, type Denial } from './noted-event.js';
export { LEFT_OUT, REDACTED, isSecretKind, redact, safeText, type Json } from './redaction.js';
export { MOST_AT_ONCE, SecurityReporter } from './reporter.js';
export { securityEventOf, type SecurityEntry } from './security-event.js';
export { shownStates, type ShownStates } from './shown-states.js';
export { storable } from './storable.js';
export { actorOf, originOf, type EventContext } from './who.js';
