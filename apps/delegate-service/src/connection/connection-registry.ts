import { Inject, Injectable } from '@nestjs/common';
import { CLOSE_CODES, type ServerMessage } from '@sluice/delegate-protocol';
import type { Metrics } from '@sluice/telemetry';
import { METRICS } from '../config.js';
import { NotificationBus, type Notification } from '../notification/notification-bus.js';

/** A message before its envelope. */
export type Outgoing = ServerMessage extends infer M ? (M extends ServerMessage ? Omit<M, 'v' | 'id'> : never) : never;

/** One registered connection of a delegate to this replica. */
export interface Connection {
  readonly delegateId: string;
  readonly connectionId: string;
  readonly tokenId: string;
  send(message: Outgoing): void;
  close(code: number, reason: string): void;
}

/** Delegates connected to this replica, and what other replicas have to tell them. */
@Injectable()
export class ConnectionRegistry {
  private readonly byDelegate = new Map<string, Connection>();

  constructor(bus: NotificationBus, @Inject(METRICS) metrics: Metrics) {
    bus.subscribe((message) => this.hear(message));
    const gauge = metrics.gauge('delegate_service_connections', 'Delegates connected to this replica');
    gauge.set(0);
    this.count = () => gauge.set(this.byDelegate.size);
  }

  private readonly count: () => void;

  /** The newest connection of a delegate wins; the older one is told so. */
  add(connection: Connection): void {
    const older = this.byDelegate.get(connection.delegateId);
    this.byDelegate.set(connection.delegateId, connection);
    if (older && older.connectionId !== connection.connectionId)
      older.close(CLOSE_CODES.REPLACED, 'replaced by a newer connection');
    this.count();
  }

  /** Only that very connection: a late close leaves the newer one alone. */
  remove(connection: Connection): void {
    if (this.byDelegate.get(connection.delegateId)?.connectionId !== connection.connectionId) return;
    this.byDelegate.delete(connection.delegateId);
    this.count();
  }

  /** @returns false when the delegate is not connected here */
  send(delegateId: string, message: Outgoing): boolean {
    const connection = this.byDelegate.get(delegateId);
    connection?.send(message);
    return connection !== undefined;
  }

  has(delegateId: string): boolean {
    return this.byDelegate.has(delegateId);
  }

  private hear(message: Notification): void {
    switch (message.type) {
      case 'offer':
        for (const delegateId of message.delegateIds)
          this.send(delegateId, { type: 'offer', taskId: message.taskId, kind: message.kind });
        return;
      case 'abort':
        this.send(message.delegateId, { type: 'abort', taskId: message.taskId, epoch: message.epoch });
        return;
      case 'tokenRevoked':
        for (const connection of this.byDelegate.values())
          if (connection.tokenId === message.tokenId)
            connection.close(CLOSE_CODES.TOKEN_REVOKED, 'the token has been revoked');
        return;
      case 'replaced': {
        const connection = this.byDelegate.get(message.delegateId);
        if (connection && connection.connectionId !== message.connectionId)
          connection.close(CLOSE_CODES.REPLACED, 'replaced by a newer connection');
        return;
      }
      case 'events':
      case 'sealed':
        return;
    }
  }
}
