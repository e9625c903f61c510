import { AppError, assertNever, type Scope } from '@sluice/kernel';
import type { Secret, SecretBody, SecretResponse, V1SecretIn, V1SecretOut, V1SecretSpec } from '@sluice/ng-manager-api';

/** The secret a v1 body means. @throws AppError INVALID_REQUEST when it names another place than the path, or a key twice with two values */
export function secretOfV1(
  scope: Scope,
  { identifier, slug, name, description, tags, org, project, spec }: V1SecretIn,
): Secret {
  agree('secret.org', org, scope.level === 'account' ? undefined : scope.orgId);
  agree('secret.project', project, scope.level === 'project' ? scope.projectId : undefined);
  return { identifier: identifier ?? slug ?? '', name, description, tags, ...bodyOfV1(spec) };
}

/** @throws AppError INVALID_REQUEST */
function agree(field: string, inBody: string | null | undefined, inPath: string | undefined): void {
  if (!inBody || inBody === inPath) return;
  throw new AppError(
    'INVALID_REQUEST',
    `${field} is "${inBody}", ${inPath === undefined ? 'but the path names none' : `the path names "${inPath}"`}`,
    { fields: [{ field, error: 'differs from the path' }] },
  );
}

function bodyOfV1(spec: V1SecretSpec): SecretBody {
  switch (spec.type) {
    case 'SecretText':
      return {
        type: 'SecretText',
        spec: {
          secretManagerIdentifier: managerOf(spec),
          valueType: required('secret.spec.value_type', spec.value_type, spec.valueType),
          value: spec.value,
        },
      };
    case 'SecretFile':
      return { type: 'SecretFile', spec: { secretManagerIdentifier: managerOf(spec) } };
    case 'SSHKeyReference':
      return ssh(spec.port, {
        credentialType: 'KeyReference',
        spec: { userName: spec.username, key: spec.key, encryptedPassphrase: spec.encrypted_passphrase },
      });
    case 'SSHKeyPath':
      return ssh(spec.port, {
        credentialType: 'KeyPath',
        spec: { userName: spec.username, keyPath: spec.key_path, encryptedPassphrase: spec.encrypted_passphrase },
      });
    case 'SSHPassword':
      return ssh(spec.port, { credentialType: 'Password', spec: { userName: spec.username, password: spec.password } });
    case 'SSHKerberosTGTKeyTabFile':
      return kerberos(spec.port, {
        principal: spec.principal,
        realm: spec.realm,
        tgtGenerationMethod: 'KeyTabFilePath',
        spec: { keyPath: spec.key_path },
      });
    case 'SSHKerberosTGTPassword':
      return kerberos(spec.port, {
        principal: spec.principal,
        realm: spec.realm,
        tgtGenerationMethod: 'Password',
        spec: { password: spec.password },
      });
    default:
      return assertNever(spec);
  }
}

type SshAuth = Extract<SecretBody, { type: 'SSHKey' }>['spec']['auth'];
type Port = number | null | undefined;

function ssh(port: Port, spec: Extract<SshAuth, { type: 'SSH' }>['spec']): SecretBody {
  return { type: 'SSHKey', spec: { port, auth: { type: 'SSH', spec } } };
}

function kerberos(port: Port, spec: Extract<SshAuth, { type: 'Kerberos' }>['spec']): SecretBody {
  return { type: 'SSHKey', spec: { port, auth: { type: 'Kerberos', spec } } };
}

function managerOf(spec: Extract<V1SecretSpec, { type: 'SecretText' | 'SecretFile' }>): string {
  return required(
    'secret.spec.secret_manager_identifier',
    spec.secret_manager_identifier,
    spec.secret_manager_slug,
    spec.secretManagerIdentifier,
  );
}

/** The one value among several spellings of a key. */
function required<T>(field: string, ...spellings: readonly (T | undefined)[]): T {
  const given = [...new Set(spellings.filter((value) => value !== undefined))];
  const [value] = given;
  if (value === undefined)
    throw new AppError('INVALID_REQUEST', `${field} is missing`, { fields: [{ field, error: 'is required' }] });
  if (given.length > 1)
    throw new AppError('INVALID_REQUEST', `${field} is given in two spellings with two values; send one of them`, {
      fields: [{ field, error: 'is given twice' }],
    });
  return value;
}

/** As v1 clients see it: never with an inline value. */
export function presentSecretV1({ secret, createdAt, updatedAt, draft }: SecretResponse): V1SecretOut {
  const { identifier, name, orgIdentifier, projectIdentifier, description, tags } = secret;
  return {
    secret: {
      identifier,
      slug: identifier,
      name,
      org: orgIdentifier ?? null,
      project: projectIdentifier ?? null,
      description: description ?? '',
      tags: tags ?? {},
      spec: specOfV1(secret),
    },
    created: createdAt,
    updated: updatedAt,
    draft,
  };
}

function specOfV1(body: SecretBody): V1SecretSpec {
  switch (body.type) {
    case 'SecretText':
      return {
        type: 'SecretText',
        ...managerNames(body.spec.secretManagerIdentifier),
        value_type: body.spec.valueType,
        value: body.spec.value,
      };
    case 'SecretFile':
      return { type: 'SecretFile', ...managerNames(body.spec.secretManagerIdentifier) };
    case 'SSHKey':
      return sshOfV1(body.spec.port, body.spec.auth);
    default:
      return assertNever(body);
  }
}

function sshOfV1(port: Port, auth: SshAuth): V1SecretSpec {
  if (auth.type === 'Kerberos') {
    const { principal, realm } = auth.spec;
    if (auth.spec.tgtGenerationMethod === 'Password')
      return { type: 'SSHKerberosTGTPassword', port, principal, realm, password: auth.spec.spec.password };
    // v1 knows no Kerberos without a way to a ticket; a path that is not there says so.
    return {
      type: 'SSHKerberosTGTKeyTabFile',
      port,
      principal,
      realm,
      key_path: auth.spec.tgtGenerationMethod === 'KeyTabFilePath' ? auth.spec.spec.keyPath : '',
    };
  }
  const credential = auth.spec;
  switch (credential.credentialType) {
    case 'KeyReference':
      return {
        type: 'SSHKeyReference',
        port,
        username: credential.spec.userName,
        key: credential.spec.key,
        encrypted_passphrase: credential.spec.encryptedPassphrase,
      };
    case 'KeyPath':
      return {
        type: 'SSHKeyPath',
        port,
        username: credential.spec.userName,
        key_path: credential.spec.keyPath,
        encrypted_passphrase: credential.spec.encryptedPassphrase,
      };
    case 'Password':
      return { type: 'SSHPassword', port, username: credential.spec.userName, password: credential.spec.password };
    default:
      return assertNever(credential);
  }
}

function managerNames(identifier: string): { secret_manager_identifier: string; secret_manager_slug: string } {
  return { secret_manager_identifier: identifier, secret_manager_slug: identifier };
}
