import type { AuditEntry } from '@sluice/audit-outbox';
import { AppError } from '@sluice/kernel';
import type { Documents } from '../documents/documents.js';
import { unreadStates, type Described } from './audited-state.js';

/** What an audit entry says of a document. */
export type Audited = Pick<AuditEntry, 'name' | 'states'>;

/** A document was changed between the preparation and the transaction. */
class Unprepared extends Error {}

/** So often the documents of one change may be changed by others in between. */
const MOST_TRIES = 5;

/**
 * Works out what the audit trail shows of the documents of one change: before the transaction, which must not wait for a document with a connection and locks.
 */
export class AuditedDocuments {
  private readonly known = new Map<string, Audited>();

  constructor(
    private readonly documents: Documents,
    private readonly accountId: string,
  ) {}

  /**
   * Prepares, then runs `work`, which stores and asks {@link of}. When documents were changed in between, its transaction is rolled back and both are repeated.
   * @throws AppError CONFLICT when others change the documents each time, and what both throw
   */
  async during<T>(prepare: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      await prepare();
      try {
        return await work();
      } catch (cause) {
        if (!(cause instanceof Unprepared)) throw cause;
      }
    }
    throw new AppError(
      'CONFLICT',
      `others changed the document ${MOST_TRIES} times while this change was prepared; try again`,
    );
  }

  /** What {@link prepare} has worked out, for a transaction inside {@link during}, which repeats when a document is another one by now. */
  of(resourceType: string, before: Described | undefined, after: Described | undefined): Audited {
    const known = this.known.get(keyOf(resourceType, before, after));
    if (!known) throw new Unprepared(`a ${resourceType} was changed before its transaction began`);
    return known;
  }

  /** @param before undefined for a new one @param after undefined for one that goes @throws AppError that may pass, such as TOO_MANY_REQUESTS */
  async prepare(resourceType: string, before: Described | undefined, after: Described | undefined): Promise<Audited> {
    const [from, to] = [before && described(before), after && described(after)];
    const key = keyOf(resourceType, from, to);
    const known = this.known.get(key);
    if (known) return known;
    const states = await this.documents
      .read(this.accountId, 'states', resourceType, from, to)
      .catch((cause: unknown) => {
        if (!(cause instanceof AppError) || cause.isRetryable) throw cause;
        return unreadStates(resourceType, from, to, cause.message);
      });
    const audited = { name: after?.name ?? before?.name, states };
    this.known.set(key, audited);
    return audited;
  }
}

function keyOf(resourceType: string, before: Described | undefined, after: Described | undefined): string {
  return JSON.stringify([resourceType, before && described(before), after && described(after)]);
}

function described({ name, description, tags, yaml }: Described): Described {
  return { name, description, tags, yaml };
}
