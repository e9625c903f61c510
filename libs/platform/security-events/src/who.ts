import type { AuditActor, AuditEventRecord } from '@sluice/api-conventions';
import type { Principal, RequestContext } from '@sluice/kernel';
import { safeText } from './redaction.js';

/** The part of a request context an event needs; background work gives its own principal. */
export type EventContext = Pick<RequestContext, 'correlationId' | 'origin' | 'requestMethod'> & {
  readonly principal: Principal | AuditActor;
};

export function originOf(origin: EventContext['origin']): AuditEventRecord['origin'] {
  return origin
    ? {
        clientAddress: origin.clientAddress,
        ...textual('userAgent', origin.userAgent),
        ...textual('keyId', origin.keyId),
      }
    : null;
}

export function actorOf(principal: EventContext['principal']): AuditActor {
  const email = 'email' in principal ? principal.email : undefined;
  return {
    type: principal.type,
    id: safeText(principal.id),
    name: safeText(principal.name),
    ...textual('email', email),
  };
}

function textual<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return (value ? { [key]: safeText(value) } : {}) as { [K in Key]?: string };
}
