export { auditEventOf, type AuditContext, type AuditEntry } from './audit-entry.js';
export { changedPaths } from './changed-paths.js';
export { AUDIT_OUTBOX_ENTITIES } from './outbox.entity.js';
export { createAuditOutbox, dropAuditOutbox } from './outbox.migration.js';
export { acknowledgeAuditEvents, claimAuditEvents, recordAuditEvent, releaseAuditLease, type ClaimedEvents } from './outbox.js';
export { LEFT_OUT, REDACTED, redact, safeText, type Json } from './redaction.js';
export { AuditShipper, type AuditRoute, type AuditShipperOptions } from './shipper.js';
