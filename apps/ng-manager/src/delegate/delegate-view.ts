import type { DelegateRecord, TokenRecord } from '@sluice/delegate-rpc';
import type { Delegate, DelegateFilter, DelegateToken } from '@sluice/ng-manager-api';

/** Delegates of one name are replicas of one delegate to the public API. Pure. */
export function groupDelegates(records: readonly DelegateRecord[]): Delegate[] {
  const groups = new Map<string, DelegateRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.scope, record.name]);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].map((replicas) => {
    const newest = replicas.reduce((a, b) => (b.lastHeartbeatMs > a.lastHeartbeatMs ? b : a));
    return {
      type: 'KUBERNETES',
      name: newest.name,
      description: null,
      tags: [...new Set(replicas.flatMap(({ tags }) => tags))],
      lastHeartBeat: newest.lastHeartbeatMs,
      connected: replicas.some(({ connected }) => connected),
      delegateReplicas: replicas.map(({ id, lastHeartbeatMs, connected, hostName, version }) => ({
        uuid: id,
        lastHeartbeat: lastHeartbeatMs,
        connected,
        hostName,
        version,
        expiringAt: null,
      })),
      autoUpgrade: 'OFF' as const,
      legacy: false,
      orgName: newest.scope?.orgId || null,
      projectName: newest.scope?.projectId || null,
    };
  });
}

/** The public filter of delegates, applied to groups. Unknown statuses find nothing. */
export function filterDelegates(delegates: readonly Delegate[], filter: DelegateFilter): Delegate[] {
  const name = filter.delegateName?.toLowerCase();
  const host = filter.hostName?.toLowerCase();
  return delegates.filter((delegate) => {
    if (filter.status && !statusFits(filter.status.toUpperCase(), delegate.connected)) return false;
    if (filter.delegateType && filter.delegateType.toUpperCase() !== delegate.type) return false;
    if (filter.autoUpgrade && filter.autoUpgrade.toUpperCase() !== delegate.autoUpgrade) return false;
    // Delegates of this installation do not expire: they are all of the supported version, and available.
    if (filter.versionStatus && filter.versionStatus.toUpperCase() !== 'ACTIVE') return false;
    if (filter.delegateInstanceFilter && filter.delegateInstanceFilter.toUpperCase() !== 'AVAILABLE') return false;
    if (filter.description && !(delegate.description ?? '').toLowerCase().includes(filter.description.toLowerCase()))
      return false;
    if (name && !delegate.name.toLowerCase().includes(name)) return false;
    if (filter.delegateGroupIdentifier && delegate.name !== filter.delegateGroupIdentifier) return false;
    if (host && !delegate.delegateReplicas.some(({ hostName }) => hostName.toLowerCase().includes(host))) return false;
    return (filter.delegateTags ?? []).every((tag) => delegate.tags.includes(tag));
  });
}

function statusFits(status: string, connected: boolean): boolean {
  if (status === 'ENABLED') return true;
  return status === (connected ? 'CONNECTED' : 'DISCONNECTED');
}

/** @param value the plain value, for whom it may be shown to */
export function presentToken(record: TokenRecord, value?: string): DelegateToken {
  return {
    uuid: record.id,
    accountId: record.scope.accountId,
    name: record.name,
    createdBy: record.createdBy ? { name: record.createdBy } : null,
    createdByNgUser: record.createdBy ? { type: 'USER', name: record.createdBy } : null,
    createdAt: record.createdAtMs,
    status: record.status,
    value: value === undefined ? null : Buffer.from(value).toString('base64'),
    ownerIdentifier: [record.scope.orgId, record.scope.projectId].filter((part) => part !== '').join('/') || null,
    parentUniqueId: null,
    revokeAfter: record.revokeAfterMs || null,
  };
}
