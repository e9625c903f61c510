import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { NotedSecurityEvent } from '@sluice/api-conventions';
import { EventShare, SecurityReporter, noted, type EventContext } from '@sluice/security-events';
import type { Logger } from '@sluice/telemetry';
import type { EntityManager } from 'typeorm';
import { LOG } from '../config.js';
import { scopeOfRow } from '../database.js';
import type { TokenRow } from '../token/token.repository.js';
import { SecurityOutbox } from './security-outbox.js';

/** With which token, and from which address (of the proxy, when there is one). */
export interface Visitor {
  readonly token: TokenRow;
  readonly address: string;
}

/** What a delegate said of itself, and what of its row is another than before. */
export interface Arrival {
  readonly delegateId: string;
  readonly name: string;
  readonly hostName: string;
  readonly version: string;
  readonly publicKey: string;
  readonly isNew: boolean;
  readonly changed: readonly ('sealingKey' | 'delegateToken' | 'instance')[];
}

/**
 * Security events of delegates that register. The actor is the token, so each token has one share of a minute. An arrival is written in the transaction
 * that registers the delegate. A refusal writes no row, so its event is written by itself.
 */
@Injectable()
export class DelegateVisits implements OnModuleDestroy {
  private readonly share = new EventShare();
  private readonly reporter: SecurityReporter;

  constructor(
    private readonly outbox: SecurityOutbox,
    @Inject(LOG) log: Logger,
  ) {
    this.reporter = new SecurityReporter({ log, deliver: (events) => outbox.addAlone(events) });
  }

  /** @param manager of the transaction in which the delegate is registered */
  async arrived(manager: EntityManager, { token, address }: Visitor, arrival: Arrival): Promise<void> {
    const { delegateId, publicKey, ...details } = arrival;
    const event = noted(
      contextOf(token, address),
      {
        kind: 'delegateConnected',
        outcome: 'allowed',
        scope: scopeOfRow(token),
        resourceType: 'delegate',
        identifier: delegateId,
        details: { ...details, tokenName: token.name },
      },
      [delegateId, publicKey, address, String(arrival.isNew), ...arrival.changed],
    );
    await this.outbox.add(manager, [this.share.of(event)]);
  }

  /** Somebody showed a token that exists and was not let in. Never fails. */
  refused({ token, address }: Visitor, reason: string): void {
    this.reporter.note(refusalOf(token, address, reason));
  }

  async onModuleDestroy(): Promise<void> {
    await this.reporter.stop();
  }
}

function refusalOf(token: TokenRow, address: string, reason: string): NotedSecurityEvent {
  const details = { tokenName: token.name, reason };
  return noted(
    contextOf(token, address),
    {
      kind: 'delegateRefused',
      outcome: 'refused',
      scope: scopeOfRow(token),
      resourceType: 'delegateToken',
      identifier: token.id,
      details,
    },
    [address, reason],
  );
}

function contextOf(token: TokenRow, address: string): EventContext {
  return {
    principal: { type: 'service', id: token.id, name: `delegate with token ${token.name}` },
    correlationId: '',
    origin: { clientAddress: address, keyId: token.id },
  };
}
