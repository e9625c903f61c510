import { Inject, Injectable } from '@nestjs/common';
import { notedSecurityEvent, type NotedSecurityEvent } from '@sluice/api-conventions';
import { AuditShipper } from '@sluice/audit-outbox';
import type { Logger } from '@sluice/telemetry';
import { z } from 'zod';
import { DelegateServiceClient, ownContext } from '../delegate/delegate-service-client.js';
import { LOGGER } from '../delegate/task-events.js';
import { SecurityEvents } from './security-events.js';

const POLL_MS = 5_000;
const LIMIT = 200;

/** An event of the delegate service; what cannot be read has an id all the same, so that it does not come again. */
interface Fetched {
  readonly eventId: string;
  readonly noted: NotedSecurityEvent | undefined;
}

/** Fetches the security events of the delegate service, which calls nobody, and keeps them. */
@Injectable()
export class DelegateSecurityEvents {
  private readonly shipper: AuditShipper<Fetched>;

  constructor(
    private readonly delegates: DelegateServiceClient,
    events: SecurityEvents,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.shipper = new AuditShipper<Fetched>({
      log,
      pollMs: POLL_MS,
      route: {
        claim: () => this.claim(),
        deliver: async (fetched) => {
          const readable = fetched.flatMap(({ noted }) => noted ?? []);
          if (readable.length > 0) await events.receive(readable);
        },
        acknowledge: async (eventIds) =>
          void (await delegates.admin.unary(ownContext(), 'AcknowledgeSecurityEvents', { eventIds: [...eventIds] })),
        release: async () => undefined,
      },
    });
  }

  start(): void {
    this.shipper.start();
  }

  async stop(): Promise<void> {
    await this.shipper.stop();
  }

  private async claim(): Promise<{ events: Fetched[]; hasMore: boolean }> {
    const { eventsJson, hasMore } = await this.delegates.admin.unary(ownContext(), 'ClaimSecurityEvents', {
      limit: LIMIT,
    });
    return { events: eventsJson.flatMap((json) => this.read(json)), hasMore };
  }

  private read(json: string): Fetched[] {
    const value: unknown = JSON.parse(json);
    const parsed = notedSecurityEvent.safeParse(value);
    if (parsed.success) return [{ eventId: parsed.data.event.eventId, noted: parsed.data }];
    const identified = z.object({ event: z.object({ eventId: z.string() }) }).safeParse(value);
    this.log.error(
      { error: parsed.error.message.slice(0, 500) },
      'a security event of the delegate service cannot be read and is left out',
    );
    return identified.success ? [{ eventId: identified.data.event.eventId, noted: undefined }] : [];
  }
}
