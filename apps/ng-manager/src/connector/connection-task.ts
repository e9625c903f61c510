import type { TaskPayload, TaskResult, TestJdbcTask } from '@sluice/delegate-protocol';
import { productWithoutDriver } from '@sluice/db-migration';
import { AppError, assertNever } from '@sluice/kernel';
import type { ConnectorBody, ConnectorStatus, ValidationResult } from '@sluice/ng-manager-api';
import { secretExpressionOf } from './connector-refs.js';
import { gitAccessOf, gitAccessOfRepository, type GitAccess } from './git-access.js';
import { gitSourceOf } from './git-source.js';
import { PASSWORD_SLOT, USERNAME_SLOT, jdbcAccessOf, noDriver } from './jdbc-access.js';
import { serviceTestOf } from './service-target.js';
import type { SshKeyAccess } from './ssh-key-access.js';

export interface ConnectionTask {
  readonly payload: TaskPayload;
  readonly selectors: readonly string[];
}

/** Everything but the built-in secret manager, which needs no delegate. */
export type TestedBody = Exclude<ConnectorBody, { type: 'Local' }>;

/**
 * What a delegate has to do to test a connector. References stay as the connector writes them: the task runs at the connector's scope.
 * @param git how a Git connector is reached, with its SSH key looked up: {@link gitAccessToTest}
 * @throws AppError NOT_IMPLEMENTED, INVALID_REQUEST saying why there is nothing a delegate could try
 */
export function connectionTaskOf(
  identifier: string,
  body: TestedBody,
  git?: { readonly access: GitAccess; readonly sshKey: SshKeyAccess | undefined },
): ConnectionTask {
  switch (body.type) {
    case 'JDBC': {
      const task = jdbcTaskOf(identifier, body);
      requireDriver(identifier, task.payload.url);
      return task;
    }
    case 'Git':
    case 'Github':
    case 'Gitlab':
    case 'Bitbucket': {
      const { access, sshKey } = git ?? { access: gitAccessToTest(identifier, body, undefined), sshKey: undefined };
      const branch = body.type === 'Git' && body.spec.branchName ? { branch: body.spec.branchName } : {};
      return {
        payload: {
          kind: 'test-git',
          source: { name: 'repository', ...gitSourceOf(access, sshKey, (ref) => ref), ...branch },
        },
        selectors: access.delegateSelectors,
      };
    }
    case 'K8sCluster':
    case 'DockerRegistry':
    case 'Vault': {
      const { target, secrets } = serviceTestOf(identifier, body);
      return {
        payload: { kind: 'test-service', target, secrets: [...secrets] },
        selectors: body.spec.delegateSelectors ?? [],
      };
    }
    case 'Artifactory':
    case 'Nexus':
    case 'Aws':
    case 'Gcp':
    case 'Azure':
    case 'AwsSecretManager':
    case 'GcpSecretManager':
    case 'AzureKeyVault':
      throw new AppError(
        'NOT_IMPLEMENTED',
        `connector "${identifier}" is of type ${body.type}: its test is not supported yet; it is stored and given out as it is, and nothing connects with it`,
      );
    default:
      return assertNever(body);
  }
}

/** Known without asking a delegate, so that no secret is sealed. @throws AppError NOT_IMPLEMENTED */
function requireDriver(identifier: string, url: string): void {
  const product = productWithoutDriver(url);
  if (product)
    throw new AppError('NOT_IMPLEMENTED', `connector "${identifier}" leads to ${product}: ${noDriver(product)}`);
}

/** What signs in at the database of a JDBC connector. @throws AppError as `jdbcAccessOf` */
export function jdbcTaskOf(
  identifier: string,
  body: ConnectorBody,
): { readonly payload: TestJdbcTask; readonly selectors: readonly string[] } {
  const { url, username, usernameRef, passwordRef, delegateSelectors } = jdbcAccessOf(identifier, body);
  const secrets = [
    ...(usernameRef ? [{ name: USERNAME_SLOT, expression: secretExpressionOf(usernameRef) }] : []),
    ...(passwordRef ? [{ name: PASSWORD_SLOT, expression: secretExpressionOf(passwordRef) }] : []),
  ];
  const slots = {
    ...(usernameRef ? { usernameSlot: USERNAME_SLOT } : {}),
    ...(passwordRef ? { passwordSlot: PASSWORD_SLOT } : {}),
  };
  return {
    payload: { kind: 'test-jdbc', url, ...(username ? { username } : {}), secrets, ...slots },
    selectors: delegateSelectors,
  };
}

/** The repository a Git connector is tried on: the one asked for, else its validation repository. @throws AppError as `gitAccessOf` */
export function gitAccessToTest(
  identifier: string,
  body: Extract<ConnectorBody, { type: 'Git' | 'Github' | 'Gitlab' | 'Bitbucket' }>,
  repoUrl: string | undefined,
): GitAccess {
  return repoUrl
    ? gitAccessOfRepository(identifier, body, repoUrl)
    : gitAccessOf(identifier, body, body.spec.validationRepo ?? undefined);
}

export function success(at: number, delegateId: string | null): ValidationResult {
  return { status: 'SUCCESS', errors: [], errorSummary: null, testedAt: at, delegateId };
}

export function failure(
  at: number,
  delegateId: string | null,
  message: string,
  reason = 'Connection failed',
): ValidationResult {
  return {
    status: 'FAILURE',
    errors: [{ reason, message, code: 400 }],
    errorSummary: message,
    testedAt: at,
    delegateId,
  };
}

/** What a delegate's answer means for the connector. */
export function validationOf(result: TaskResult, at: number, delegateId: string): ValidationResult {
  switch (result.kind) {
    case 'test-jdbc':
    case 'test-git':
    case 'test-service': {
      const { outcome } = result;
      return outcome.status === 'succeeded'
        ? success(at, delegateId)
        : failure(at, delegateId, outcome.error.message, outcome.error.failureType);
    }
    default:
      return failure(at, delegateId, `the delegate answered with a result of ${result.kind}`);
  }
}

/** The connector's status after a test. */
export function statusAfter(previous: ConnectorStatus | null, result: ValidationResult): ConnectorStatus {
  const { status, errors, errorSummary, testedAt } = result;
  return {
    status,
    errors,
    errorSummary,
    testedAt,
    lastTestedAt: testedAt,
    lastConnectedAt: status === 'SUCCESS' ? testedAt : (previous?.lastConnectedAt ?? null),
  };
}
