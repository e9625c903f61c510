import type { TaskPayload, TaskResult } from '@sluice/delegate-protocol';
import { AppError, assertNever } from '@sluice/kernel';
import type { ConnectorBody, ConnectorStatus, ValidationResult } from '@sluice/ng-manager-api';
import { secretExpressionOf } from './connector-refs.js';
import { gitAccessOf } from './git-access.js';
import { jdbcAccessOf } from './jdbc-access.js';

export interface ConnectionTask {
  readonly payload: TaskPayload;
  readonly selectors: readonly string[];
}

/**
 * What a delegate has to do to test a connector. References stay as the connector writes them: the task runs at the connector's scope.
 * @param repo for connectors of a whole account; falls back to their validation repository
 * @throws AppError NOT_IMPLEMENTED for types that cannot be tested yet
 */
export function connectionTaskOf(identifier: string, body: ConnectorBody, repo: string | undefined): ConnectionTask {
  switch (body.type) {
    case 'JDBC': {
      const { url, username, passwordRef, delegateSelectors } = jdbcAccessOf(identifier, body);
      const secrets = passwordRef ? [{ name: 'db-password', expression: secretExpressionOf(passwordRef) }] : [];
      return { payload: { kind: 'test-jdbc', url, username, secrets, ...(passwordRef ? { passwordSlot: 'db-password' } : {}) }, selectors: delegateSelectors };
    }
    case 'Git':
    case 'Github':
    case 'Gitlab':
    case 'Bitbucket': {
      const { url, username, usernameRef, passwordRef, delegateSelectors } = gitAccessOf(identifier, body, repo ?? body.spec.validationRepo ?? undefined);
      const source = {
        name: 'repository',
        url,
        ...(username ? { username } : {}),
        ...(usernameRef ? { usernameExpression: secretExpressionOf(usernameRef) } : {}),
        ...(passwordRef ? { passwordExpression: secretExpressionOf(passwordRef) } : {}),
      };
      return { payload: { kind: 'test-git', source }, selectors: delegateSelectors };
    }
    case 'K8sCluster':
    case 'DockerRegistry':
    case 'Vault':
    case 'Local':
      throw new AppError('NOT_IMPLEMENTED', `connectors of type ${body.type} cannot be tested yet`);
    default:
      return assertNever(body);
  }
}

export function success(at: number, delegateId: string | null): ValidationResult {
  return { status: 'SUCCESS', errors: [], errorSummary: null, testedAt: at, delegateId };
}

export function failure(at: number, delegateId: string | null, message: string, reason = 'Connection failed'): ValidationResult {
  return { status: 'FAILURE', errors: [{ reason, message, code: 400 }], errorSummary: message, testedAt: at, delegateId };
}

/** What a delegate's answer means for the connector. */
export function validationOf(result: TaskResult, at: number, delegateId: string): ValidationResult {
  if (result.kind !== 'test-jdbc' && result.kind !== 'test-git') return failure(at, delegateId, `the delegate answered with a result of ${result.kind}`);
  const { outcome } = result;
  if (outcome.status === 'succeeded') return success(at, delegateId);
  return failure(at, delegateId, outcome.error.message, outcome.error.failureType);
}

/** The connector's status after a test. */
export function statusAfter(previous: ConnectorStatus | null, result: ValidationResult): ConnectorStatus {
  const { status, errors, errorSummary, testedAt } = result;
  return { status, errors, errorSummary, testedAt, lastTestedAt: testedAt, lastConnectedAt: status === 'SUCCESS' ? testedAt : (previous?.lastConnectedAt ?? null) };
}
