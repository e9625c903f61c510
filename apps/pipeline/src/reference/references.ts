import type { AuditEventRecord } from '@sluice/api-conventions';
import type { CallContext } from '@sluice/http';
import { AppError, messageOf, Turns, type ProjectScope } from '@sluice/kernel';
import { MOST_USES } from '@sluice/ng-manager-api';
import type { Reference, Warning } from '@sluice/pipeline-engine';
import type { Logger } from '@sluice/telemetry';
import type { DataSource } from 'typeorm';
import type { Documents } from '../documents/documents.js';
import { InputSetRepository } from '../input-set/input-set.repository.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import type { NgManager, RecordedUses } from '../run/ng-manager.js';
import { TriggerRepository } from '../trigger/trigger.repository.js';
import { requireUsable } from './usable.js';
import { changedDocuments, keyOf, nameOf, type DocumentAt } from './stored-document.js';

/** Kinds that NG manager looks up before they are stored. */
const FILED: ReadonlySet<Reference['kind']> = new Set(['service', 'environment', 'infrastructure'] as const);

/** Documents of one change of which NG manager hears at the same time. */
const AT_ONCE = 8;
/** Reads what a stored document refers to. Undefined when that stays unknown: what was said last counts on. */
type ReadUses = (yaml: string) => Promise<Reference[] | undefined>;

/** Others say what the same document refers to; more often than this they do not come in between. */
const MOST_TURNS = 5;

export interface ReferencesOptions {
  /** Milliseconds that who stored or deleted something waits, in all, until NG manager knows what documents refer to now. */
  readonly waitMs: number;
}

/**
 * Keeps NG manager informed of what stored documents refer to, so that nothing is deleted under them: what a document is going to refer to is said before it is
 * stored, what it refers to in fact as soon as it is, and again for every change in the audit trail, which loses none. Within a process all take turns per document.
 * Between processes NG manager gives the turns: a document is read after a turn has begun, and what is said in an earlier turn does not count, however late it comes.
 * One exception: what another process says between the announcement of a document and its commit takes the announcement away, until the store is said. What
 * the document is the first to refer to can be deleted in that time.
 */
export class References {
  private readonly turns = new Turns();

  constructor(
    private readonly dataSource: DataSource,
    private readonly ngManager: NgManager,
    private readonly documents: Documents,
    private readonly log: Logger,
    private readonly options: ReferencesOptions,
  ) {}

  /**
   * Runs `store` once NG manager knows what the document will refer to. The writer must be allowed to use all of it.
   * @throws AppError INVALID_IDENTIFIER_REF for what the writer may not use, or a service, environment or infrastructure there is not; INVALID_REQUEST for more references than are kept, UPSTREAM_UNAVAILABLE, and what `store` throws
   */
  async whileStoring<T>(ctx: CallContext, document: DocumentAt, yaml: string, store: () => Promise<T>): Promise<T> {
    const uses = await this.documents.read(document.scope.accountId, 'references', yaml);
    if (uses.length > MOST_USES)
      throw new AppError(
        'INVALID_REQUEST',
        `the document refers to ${uses.length} connectors, secrets and DB schemas; at most ${MOST_USES} are taken, with variables and what it is filed under; use several documents`,
      );
    requireUsable(ctx, document.scope, uses);
    return this.turns.take(keyOf(document), async () => {
      const turn = uses.length > 0 ? await this.announce(ctx, document, uses) : undefined;
      try {
        return await store();
      } finally {
        await this.inTime([document], (signal) =>
          this.settle({ ...ctx, signal }, document, this.usesIn(document), turn),
        );
      }
    });
  }

  /**
   * Documents are gone: what they referred to may be deleted once this is over, for clients delete one thing right after the other. What NG manager has not
   * heard within the time for it, it hears from the audit trail.
   */
  async forget(ctx: CallContext, documents: readonly DocumentAt[]): Promise<void> {
    await this.inTime(documents, (signal, document) =>
      this.turns.take(keyOf(document), () => this.settle({ ...ctx, signal }, document, this.usesIn(document))),
    );
  }

  /** Whether a stored document may refer to something. One that cannot be read any more, because limits are tighter than when it was stored, may. */
  async mayRefer({ accountId }: ProjectScope, yaml: string): Promise<boolean> {
    try {
      return (await this.documents.read(accountId, 'references', yaml)).length > 0;
    } catch (cause) {
      if (cause instanceof AppError && !cause.isRetryable) return true;
      throw cause;
    }
  }

  /**
   * What is sent along with a run may be used by its starter, and what it files the run under is there.
   * @throws AppError INVALID_IDENTIFIER_REF naming the field; UPSTREAM_UNAVAILABLE when nobody can tell
   */
  async requireUsableInput(
    ctx: CallContext,
    scope: ProjectScope,
    pipelineIdentifier: string,
    texts: readonly (string | undefined)[],
  ): Promise<void> {
    const uses = await this.documents.read(scope.accountId, 'named', texts);
    requireUsable(ctx, scope, uses);
    const filed = uses.filter(({ kind }) => FILED.has(kind)).slice(0, MOST_USES);
    if (filed.length > 0)
      await this.ngManager.recordUses(ctx, 'check', scope, { kind: 'pipeline', identifier: pipelineIdentifier }, filed);
  }

  /** What a stored pipeline names and no run takes. It is advice, so that it is left out when nobody can tell. */
  async warnings(ctx: CallContext, scope: ProjectScope, identifier: string, yaml: string): Promise<Warning[]> {
    const schemas = (await this.documents.read(scope.accountId, 'references', yaml)).filter(
      ({ kind }) => kind === 'dbschema',
    );
    if (schemas.length === 0) return [];
    try {
      return (
        (await this.ngManager.recordUses(ctx, 'check', scope, { kind: 'pipeline', identifier }, schemas)).warnings ?? []
      );
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      this.log.warn(
        { error: cause.message, pipeline: identifier },
        'the answer to a save does not say which of its DB schemas are not run',
      );
      return [];
    }
  }

  /** Says what the changed documents refer to now. A document that cannot be read keeps what was said of it last, and does not hold up the others. @throws AppError when it has to be tried again */
  async settleChanged(ctx: CallContext, events: readonly AuditEventRecord[]): Promise<void> {
    for (const document of changedDocuments(events)) {
      try {
        await this.turns.take(keyOf(document), () =>
          this.settle(ctx, document, (yaml) => this.readableUses(document, yaml)),
        );
      } catch (cause) {
        if (!(cause instanceof AppError) || cause.isRetryable || cause.code === 'INTERNAL') throw cause;
        this.log.error(
          { error: cause.message, document: nameOf(document) },
          'NG manager does not take what a document refers to',
        );
      }
    }
  }

  /**
   * Waits for all of it, and for the time that a caller is kept at most. What fails, or is not over by then, is said again from the audit trail; a refused
   * document's references count until it is stored.
   */
  private async inTime(
    documents: readonly DocumentAt[],
    work: (signal: AbortSignal, document: DocumentAt) => Promise<void>,
  ): Promise<void> {
    const { waitMs } = this.options;
    const late = new AbortController();
    const over = new Promise<void>((resolve) => late.signal.addEventListener('abort', () => resolve(), { once: true }));
    const timer = setTimeout(() => late.abort(new Error(`NG manager did not take it within ${waitMs} ms`)), waitMs);
    const left = documents.values();
    const takeFromThem = async (): Promise<void> => {
      for (const document of left) {
        if (late.signal.aborted) return;
        await work(late.signal, document).catch((cause: unknown) =>
          this.log.warn(
            { error: messageOf(cause), document: nameOf(document) },
            'NG manager has not heard yet what a document refers to',
          ),
        );
      }
    };
    await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, takeFromThem)), over]);
    clearTimeout(timer);
  }

  private usesIn({ scope }: DocumentAt): ReadUses {
    return (yaml) => this.documents.read(scope.accountId, 'references', yaml);
  }

  /** @throws AppError when the service stops */
  private async readableUses(document: DocumentAt, yaml: string): Promise<Reference[] | undefined> {
    try {
      return await this.documents.readForService(document.scope.accountId, 'references', yaml);
    } catch (cause) {
      if (cause instanceof AppError && cause.isRetryable) throw cause;
      this.log.error(
        { error: messageOf(cause), document: nameOf(document) },
        'a stored document cannot be read; what was said last of what it refers to counts on',
      );
      return undefined;
    }
  }

  /** @param turn the one that the document's own announcement began */
  private async settle(ctx: CallContext, document: DocumentAt, read: ReadUses, turn?: string): Promise<void> {
    let mine = turn;
    for (let count = 0; count < MOST_TURNS; count += 1) {
      mine ??= await this.announce(ctx, document, []);
      const uses = await this.stored(document, read);
      if (!uses) return;
      const { isSuperseded } = await this.tell(ctx, 'replace', document, uses, mine);
      if (!isSuperseded) return;
      mine = undefined;
    }
    throw new AppError(
      'CONFLICT',
      `others said ${MOST_TURNS} times in between what ${document.kind} "${nameOf(document)}" refers to`,
    );
  }

  /** Says what a document is going to refer to, besides what it refers to already. @returns the turn that begins; undefined for a project there is not */
  private async announce(
    ctx: CallContext,
    document: DocumentAt,
    uses: readonly Reference[],
  ): Promise<string | undefined> {
    return (await this.tell(ctx, 'add', document, uses)).turn;
  }

  private tell(
    ctx: CallContext,
    mode: 'add' | 'replace',
    document: DocumentAt,
    uses: readonly Reference[],
    turn?: string,
  ): Promise<RecordedUses> {
    return this.ngManager.recordUses(
      ctx,
      mode,
      document.scope,
      { kind: document.kind, identifier: nameOf(document) },
      uses,
      turn,
    );
  }

  /** Nothing for a document that is gone. */
  private async stored(
    { scope, kind, pipelineIdentifier, identifier }: DocumentAt,
    read: ReadUses,
  ): Promise<Reference[] | undefined> {
    const find = {
      pipeline: () => new PipelineRepository(this.dataSource).find(scope, identifier),
      inputSet: () => new InputSetRepository(this.dataSource).find(scope, pipelineIdentifier, identifier),
      trigger: () => new TriggerRepository(this.dataSource).find(scope, pipelineIdentifier, identifier),
    };
    const found = await find[kind]();
    return found ? read(found.yaml) : [];
  }
}
