import type { AuditActor } from '@sluice/api-conventions';
import type { AuditDetail, AuditEvent, AuditYaml } from '@sluice/ng-manager-api';
import { stringify } from 'yaml';
import type { ChainedEvent } from './chain.js';

/** Names of the API for names that are not simply the same word in capitals. */
const API_NAMES: Readonly<Record<string, string>> = { rotate: 'UPDATE', retry: 'RERUN' };
const PRINCIPALS: Readonly<Record<AuditActor['type'], string>> = {
  user: 'USER',
  serviceAccount: 'SERVICE_ACCOUNT',
  service: 'SYSTEM',
  unknown: 'ANONYMOUS',
};

/** `inputSet` → `INPUT_SET`. */
function apiName(name: string): string {
  return API_NAMES[name] ?? name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/** `INPUT_SET` → `inputSet`; a name in our own spelling stays. Every name that looks so in the API. */
export function storedNames(name: string): readonly string[] {
  const own = /[a-z]/.test(name)
    ? name
    : name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return [
    own,
    ...Object.entries(API_NAMES)
      .filter(([, api]) => api === name)
      .map(([stored]) => stored),
  ];
}

export function storedPrincipalType(type: string): string {
  return Object.entries(PRINCIPALS).find(([stored, api]) => api === type || stored === type)?.[0] ?? type;
}

/** An event in the public shape. */
export function presentEvent(event: ChainedEvent): AuditEvent {
  const { actor, origin } = event;
  const clientIP = origin?.clientAddress ?? null;
  return {
    auditId: event.eventId,
    insertId: String(event.position),
    resourceScope: {
      accountIdentifier: event.accountId,
      ...(event.orgId === null ? {} : { orgIdentifier: event.orgId }),
      ...(event.projectId === null ? {} : { projectIdentifier: event.projectId }),
    },
    httpRequestInfo: { requestMethod: event.requestMethod, clientIP },
    requestMetadata: { clientIP, userAgent: origin?.userAgent ?? null },
    timestamp: event.at,
    authenticationInfo: {
      principal: { type: PRINCIPALS[actor.type], identifier: actor.email ?? actor.id },
      labels: { userId: actor.id, username: actor.name, ...(origin?.keyId ? { keyId: origin.keyId } : {}) },
    },
    module: event.module,
    resource: {
      type: apiName(event.resourceType),
      identifier: event.identifier,
      labels: event.name === null ? {} : { resourceName: event.name },
    },
    action: apiName(event.action),
    changes: event.changes,
    details: event.details,
    correlationId: event.correlationId,
    recordedAt: event.recordedAt,
    position: event.position,
    hash: event.hash,
    previousHash: event.prevHash,
  };
}

export function presentDetail(event: ChainedEvent): AuditDetail {
  return { ...presentEvent(event), before: event.before, after: event.after };
}

export function presentYaml({ before, after }: ChainedEvent): AuditYaml {
  return { oldYaml: yamlOf(before), newYaml: yamlOf(after) };
}

function yamlOf(state: unknown): string | null {
  return state === null || state === undefined ? null : stringify(state, { aliasDuplicateObjects: false });
}
