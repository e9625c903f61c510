import { formatTimestamp } from '../../time/relative-time.js';
import type { Connector, Secret } from './setup.api.js';

/** What a page says of a connector, by label. References to secrets are names, never values. */
export function connectorFacts({
  connector,
  status,
  warnings,
  createdAt,
  lastModifiedAt,
}: Connector): Readonly<Record<string, unknown>> {
  return {
    Identifier: connector.identifier,
    Type: connector.type,
    Description: connector.description,
    Tags: connector.tags,
    Connection: connectionText(status),
    ...(warnings && warnings.length > 0 ? { Note: warnings.map(({ message }) => message).join(' ') } : {}),
    Settings: connector.spec,
    Created: formatTimestamp(createdAt),
    Changed: formatTimestamp(lastModifiedAt),
  };
}

/** Whether the last test of a connection went well, and when it was. */
export function connectionText(status: Connector['status']): string {
  if (!status || status.status === 'UNKNOWN') return 'Not tested';
  const verdict = status.status === 'SUCCESS' ? 'Works' : 'Does not work';
  return `${verdict}, tested ${formatTimestamp(status.testedAt)}${status.errorSummary ? `: ${status.errorSummary}` : ''}`;
}

/** What a page says of a secret, by label. An inline value is never in the answer; a reference into another manager is. */
export function secretFacts({ secret, draft, createdAt, updatedAt }: Secret): Readonly<Record<string, unknown>> {
  return {
    Identifier: secret.identifier,
    Type: secret.type,
    Description: secret.description,
    Tags: secret.tags,
    State: draft ? 'Draft: it has no value yet' : 'Has a value',
    Settings: secret.spec,
    Created: formatTimestamp(createdAt),
    Changed: formatTimestamp(updatedAt),
  };
}
