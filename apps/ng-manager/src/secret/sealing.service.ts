import { Injectable } from '@nestjs/common';
import { AppError, formatScope, isWithin, resolveRef, type Scope } from '@sluice/kernel';
import { seal, sealingContext } from '@sluice/sealed-secrets';
import { refOfSecretExpression } from '../connector/connector-refs.js';
import { SecretValues, type Asker } from './secret-values.js';

/** The lease values are sealed for: they open with this delegate's key, for this task and epoch only. */
export interface SealingLease {
  readonly taskId: string;
  readonly epoch: number;
  readonly delegateId: string;
  /** Where the token of the delegate was made. */
  readonly delegateScope: Scope;
  readonly publicKey: string;
}

/** What is to be sealed. */
export interface SealingRequest {
  /** References are resolved from here. */
  readonly scope: Scope;
  readonly expressions: readonly string[];
  /** What the entities of the task name. Nothing else is sealed, whoever asks. */
  readonly named: ReadonlySet<string>;
}

@Injectable()
export class SealingService {
  constructor(private readonly values: SecretValues) {}

  /**
   * Sealed values by expression.
   * @throws AppError SECRET_NOT_FOUND naming the expression; INVALID_REQUEST for something that is no secret expression or a bad key; ACCESS_DENIED for
   *   what the task's own entities do not name, and for a secret that lives above the delegate
   */
  async seal(
    ctx: Asker,
    { scope, expressions, named }: SealingRequest,
    lease: SealingLease,
  ): Promise<Record<string, string>> {
    const wanted = [...new Set(expressions)];
    const foreign = wanted.find((expression) => !named.has(expression));
    if (foreign !== undefined)
      throw new AppError(
        'ACCESS_DENIED',
        `${foreign} is not part of this task: none of its connectors refers to that secret`,
      );
    const refs = wanted.map((expression) => resolveRef(refOfSecretExpression(expression), scope));
    const above = refs.find((ref) => !isWithin(ref.scope, lease.delegateScope));
    if (above) {
      throw new AppError(
        'ACCESS_DENIED',
        `secret "${above.identifier}" lives in ${formatScope(above.scope)}, and the delegate that asks for it serves only ${formatScope(lease.delegateScope)}; run the step on a delegate of ${formatScope(above.scope)} or above`,
      );
    }
    const plain = await this.read(ctx, scope, wanted, refs, lease);
    const sealed: Record<string, string> = {};
    for (const [at, expression] of wanted.entries()) {
      sealed[expression] = await this.sealOne(lease, plain[at] ?? '', expression);
    }
    return sealed;
  }

  private async read(
    ctx: Asker,
    scope: Scope,
    expressions: readonly string[],
    refs: ReturnType<typeof resolveRef>[],
    { taskId, delegateId, epoch }: SealingLease,
  ): Promise<string[]> {
    try {
      return await this.values.read(ctx, refs, { purpose: 'task', taskId, delegateId, epoch });
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'SECRET_NOT_FOUND') throw cause;
      throw new AppError(
        'SECRET_NOT_FOUND',
        `${cause.message} (one of ${expressions.join(', ')}, seen from ${formatScope(scope)})`,
        {},
        { cause },
      );
    }
  }

  private async sealOne(
    { taskId, epoch, publicKey }: SealingLease,
    value: string,
    expression: string,
  ): Promise<string> {
    try {
      return await seal(publicKey, value, sealingContext(taskId, epoch, expression));
    } catch (cause) {
      throw new AppError(
        'INVALID_REQUEST',
        'publicKey is not an X25519 key in base64url',
        { fields: [{ field: 'publicKey', error: 'is not valid' }] },
        { cause },
      );
    }
  }
}
