import { Inject, Injectable } from '@nestjs/common';
import { accountScope, messageOf } from '@sluice/kernel';
import { noted } from '@sluice/security-events';
import type { Logger } from '@sluice/telemetry';
import { LOGGER } from '../delegate/task-events.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { RefusedSignIn } from './refused-sign-in.repository.js';

const ONE_ROUND = 200;

export interface RefusedAttempt extends RefusedSignIn {
  /** The id the key claimed to have. */
  readonly claimedKeyId: string;
  readonly userAgent: string | undefined;
}

/**
 * Refused sign-ins in the audit trail: the first of a key and address in a minute at once, the rest of that minute as one event with their number
 * when it is over; and, counted one by one, among the security events. Attempts on an account there is not have no chain to stand in; they are in the log alone.
 */
@Injectable()
export class RefusedSignIns {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Never fails: whoever is refused stays refused, also while the trail cannot be written. */
  async record(attempt: RefusedAttempt): Promise<void> {
    try {
      if (!(await this.unitOfWork.read.accounts.find(attempt.accountId))) return;
      const { clientAddress, userAgent, keyId } = attempt;
      const ctx = {
        principal: attempt.actor,
        correlationId: '',
        origin: { clientAddress, userAgent, keyId: keyId || undefined },
      };
      await this.unitOfWork.run(async (stores) => {
        await stores.securityEvents.add(
          noted(
            ctx,
            { ...placeOf(attempt), kind: 'signInRefused', outcome: 'refused', details: { code: attempt.code } },
            [keyId, clientAddress],
          ),
        );
        if (!(await stores.refusedSignIns.count(attempt))) return;
        await stores.audit.append(
          ctx,
          entryOf(attempt, { code: attempt.code, claimedKeyId: attempt.claimedKeyId, count: 1 }),
        );
      });
    } catch (cause) {
      this.log.error(
        { accountId: attempt.accountId, error: messageOf(cause) },
        'a refused sign-in is not in the audit trail',
      );
    }
  }

  /** Moves minutes that are over into the trail. Safe to run in several processes. @returns how many minutes */
  async closeEnded(): Promise<number> {
    return this.unitOfWork.run(async (stores) => {
      const ended = await stores.refusedSignIns.takeEnded(ONE_ROUND);
      for (const window of ended.filter(({ repeats }) => repeats > 0)) {
        const { actor, clientAddress, keyId } = window;
        const details = { code: window.code, count: window.repeats, since: window.minute, until: window.lastAt };
        await stores.audit.append(
          { principal: actor, correlationId: '', origin: { clientAddress, keyId: keyId || undefined } },
          { ...entryOf(window, details), at: window.lastAt.getTime() },
        );
      }
      return ended.length;
    });
  }
}

function entryOf({ accountId, keyId, actor }: RefusedSignIn, details: Readonly<Record<string, unknown>>) {
  return { action: 'unsuccessfulLogin', ...placeOf({ accountId, keyId }), name: actor.name, details } as const;
}

function placeOf({ accountId, keyId }: Pick<RefusedSignIn, 'accountId' | 'keyId'>) {
  return { resourceType: 'token', identifier: keyId || 'unknown', scope: accountScope(accountId) } as const;
}
