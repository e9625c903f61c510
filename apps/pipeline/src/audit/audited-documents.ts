import type { AuditEntry } from '@sluice/audit-outbox';
import { AppError } from '@sluice/kernel';
import type { Documents } from '../documents/documents.js';
import { unreadStates, type Described } from './audited-state.js';

/** What an audit entry says of a document. */
export type Audited = Pick<AuditEntry, 'name' | 'states'>;

/**
 * Works out what the audit trail shows of the documents of one change. Asked before the transaction for what is going to be there, it has the answer in the
 * transaction, which waits for a document only when that was changed in between.
 */
export class AuditedDocuments {
  private readonly known = new Map<string, Audited>();

  constructor(
    private readonly documents: Documents,
    private readonly accountId: string,
  ) {}

  /** @param before undefined for a new one @param after undefined for one that goes @throws AppError that may pass, such as TOO_MANY_REQUESTS */
  async of(resourceType: string, before: Described | undefined, after: Described | undefined): Promise<Audited> {
    const [from, to] = [before && described(before), after && described(after)];
    const key = JSON.stringify([resourceType, from, to]);
    const known = this.known.get(key);
    if (known) return known;
    const states = await this.documents.read(this.accountId, 'states', resourceType, from, to).catch((cause: unknown) => {
      if (!(cause instanceof AppError) || cause.isRetryable) throw cause;
      return unreadStates(resourceType, from, to, cause.message);
    });
    const audited = { name: after?.name ?? before?.name, states };
    this.known.set(key, audited);
    return audited;
  }
}

function described({ name, description, tags, yaml }: Described): Described {
  return { name, description, tags, yaml };
}
