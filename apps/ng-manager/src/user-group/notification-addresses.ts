import { Injectable } from '@nestjs/common';
import { formatScope, type Scope } from '@sluice/kernel';
import type { NotificationConfig, UserGroupOut } from '@sluice/ng-manager-api';
import { z } from 'zod';
import { DataKeys } from '../encryption/data-keys.js';
import { decrypt, encrypt } from '../encryption/envelope.js';
import { scopeOfRow } from '../persistence/scoped.js';
import type { NotificationPlace } from './user-group.entity.js';
import type { StoredNotifications, UserGroupRow } from './user-group.repository.js';

export type ShownNotification = UserGroupOut['notificationConfigs'][number];

/** One for each notification of a group; null for one without address or key. */
const addresses = z.array(z.string().nullable());
const ADDRESS_FIELDS = {
  EMAIL: null,
  SLACK: 'slackWebhookUrl',
  MSTEAMS: 'microsoftTeamsWebhookUrl',
  PAGERDUTY: 'pagerDutyKey',
} as const;

/** Webhook addresses and keys of groups. Whoever knows one can post there, so they are encrypted at rest and plain here only. Not called inside a transaction. */
@Injectable()
export class NotificationAddresses {
  constructor(private readonly dataKeys: DataKeys) {}

  /** What is stored of the notifications of the group `identifier` at `scope`. */
  async seal(scope: Scope, identifier: string, configs: readonly NotificationConfig[]): Promise<StoredNotifications> {
    const notificationConfigs = configs.map(placeOf);
    const plain = configs.map(addressOf);
    if (plain.every((address) => address === null)) return { notificationConfigs, ciphertext: null, keyVersion: null };
    const key = await this.dataKeys.current(scope.accountId);
    return {
      notificationConfigs,
      ciphertext: encrypt(key.plain, Buffer.from(JSON.stringify(plain)), contextOf(scope, identifier)),
      keyVersion: key.version,
    };
  }

  /** The notifications of groups of one account, by group id, with their addresses. */
  async open(rows: readonly UserGroupRow[]): Promise<ReadonlyMap<string, readonly ShownNotification[]>> {
    const opened = new Map<string, readonly ShownNotification[]>();
    const keys = new Map<number | null, Buffer>();
    for (const row of rows) {
      if (!row.ciphertext) continue;
      const key = keys.get(row.keyVersion) ?? (await this.dataKeys.ofVersion(row.accountId, row.keyVersion));
      keys.set(row.keyVersion, key);
      const plain = addresses.parse(
        JSON.parse(decrypt(key, row.ciphertext, contextOf(scopeOfRow(row), row.identifier)).toString()),
      );
      opened.set(
        row.id,
        row.notificationConfigs.map((place, index) => withAddress(place, plain[index] ?? null)),
      );
    }
    return opened;
  }
}

function placeOf(config: NotificationConfig): NotificationPlace {
  if (config.type !== 'EMAIL') return { type: config.type };
  return {
    type: 'EMAIL',
    ...(config.groupEmail ? { groupEmail: config.groupEmail } : {}),
    sendEmailToAllUsers: config.sendEmailToAllUsers ?? false,
  };
}

function addressOf(config: NotificationConfig): string | null {
  switch (config.type) {
    case 'EMAIL':
      return null;
    case 'SLACK':
      return config.slackWebhookUrl;
    case 'MSTEAMS':
      return config.microsoftTeamsWebhookUrl;
    case 'PAGERDUTY':
      return config.pagerDutyKey;
  }
}

function withAddress(place: NotificationPlace, address: string | null): ShownNotification {
  const field = ADDRESS_FIELDS[place.type];
  return field && address !== null ? { ...place, [field]: address } : place;
}

function contextOf(scope: Scope, identifier: string): string {
  return `sluice/user-group-notifications/${formatScope(scope)}/${identifier}`;
}
