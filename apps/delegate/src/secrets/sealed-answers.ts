import { Inject, Injectable } from '@nestjs/common';
import type { HeldLease } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';
import { open, sealingContext, type SealingKeyPair } from '@sluice/sealed-secrets';
import { ServiceConnection } from '../connection/service-connection.js';
import { KEY_PAIR } from '../config.js';

type Answer = { readonly sealed: Readonly<Record<string, string>> } | { readonly failure: string };

const ASK_AGAIN_MS = 5_000;

/**
 * Secrets of the leases this delegate holds. Values arrive sealed to this process's key, bound to task, epoch and expression, are
 * opened when a task wants them, and are forgotten with it.
 */
@Injectable()
export class SealedAnswers {
  private readonly answers = new Map<string, Answer>();
  private readonly waiting = new Map<string, () => void>();

  constructor(
    private readonly connection: ServiceConnection,
    @Inject(KEY_PAIR) private readonly keyPair: SealingKeyPair,
  ) {}

  arrived(lease: HeldLease, answer: Answer): void {
    this.answers.set(keyOf(lease), answer);
    this.waiting.get(keyOf(lease))?.();
  }

  forget(lease: HeldLease): void {
    this.answers.delete(keyOf(lease));
  }

  /**
   * Values by expression. They were asked for with the acquire; asked for again for as long as no answer comes and the task is wanted. The task's own time
   * limit ends the wait: NG manager may be away, or the machine busy.
   * @throws AppError SECRET_NOT_FOUND with the service's own text; the signal's reason
   */
  async values(
    lease: HeldLease,
    expressions: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    if (expressions.length === 0) return values;
    const answer = await this.answer(lease, signal);
    if ('failure' in answer) throw new AppError('SECRET_NOT_FOUND', answer.failure);
    for (const expression of expressions) {
      const sealed = answer.sealed[expression];
      if (sealed === undefined) throw new AppError('SECRET_NOT_FOUND', `no value came for ${expression}`);
      values.set(
        expression,
        await open(this.keyPair, sealed, sealingContext(lease.taskId, lease.epoch, expression)).catch(
          (cause: unknown) => {
            throw new AppError(
              'SECRET_NOT_FOUND',
              `the value of ${expression} was not sealed to this delegate and this lease`,
              {},
              { cause },
            );
          },
        ),
      );
    }
    return values;
  }

  private async answer(lease: HeldLease, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      const known = this.answers.get(keyOf(lease));
      if (known) return known;
      if (!(await this.wakeUp(lease, signal)))
        this.connection.send({ type: 'secrets', taskId: lease.taskId, epoch: lease.epoch });
    }
  }

  /** @returns false when nothing came in time */
  private wakeUp(lease: HeldLease, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.waiting.delete(keyOf(lease));
        act();
      };
      const aborted = (): void =>
        finish(() => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
      const timer = setTimeout(() => finish(() => resolve(false)), ASK_AGAIN_MS);
      this.waiting.set(keyOf(lease), () => finish(() => resolve(true)));
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
    });
  }
}

function keyOf({ taskId, epoch }: HeldLease): string {
  return `${taskId}/${epoch}`;
}
