export { auditEventOf, type AuditContext, type AuditEntry } from './audit-entry.js';
export { AUDIT_OUTBOX_ENTITIES } from './outbox.entity.js';
export { createAuditOutbox, dropAuditOutbox } from './outbox.migration.js';
export { acknowledgeAuditEvents, claimAuditEvents, recordAuditEvent, releaseAuditLease } from './outbox.js';
export { AuditShipper } from './shipper.js';
