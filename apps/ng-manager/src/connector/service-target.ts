import type { SecretSlot, ServiceTarget } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';
import type { ConnectorBody, K8sAuth } from '@sluice/ng-manager-api';
import { secretExpressionOf } from './connector-refs.js';

/** A service a delegate asks over HTTP, with the secrets it needs for that. */
export interface ServiceTest {
  readonly target: ServiceTarget;
  readonly secrets: readonly SecretSlot[];
}

type BodyOf<Type extends ConnectorBody['type']> = Extract<ConnectorBody, { type: Type }>;
type Ref = string | null | undefined;

/** Collects the secrets of a task as they are named. */
class Slots {
  readonly secrets: SecretSlot[] = [];

  required(name: string, ref: string): string {
    this.secrets.push({ name, expression: secretExpressionOf(ref) });
    return name;
  }

  /** `{[key]: name}`, or nothing for a reference that is not there. */
  optional<Key extends string>(key: Key, name: string, ref: Ref): { readonly [K in Key]?: string } {
    return ref ? ({ [key]: this.required(name, ref) } as { [K in Key]: string }) : {};
  }

  login({ username, usernameRef, passwordRef }: { username?: Ref; usernameRef?: Ref; passwordRef?: Ref }): {
    username?: string;
    usernameSlot?: string;
    passwordSlot?: string;
  } {
    return {
      ...(username ? { username } : this.optional('usernameSlot', 'username', usernameRef)),
      ...this.optional('passwordSlot', 'password', passwordRef),
    };
  }
}

/** @throws AppError NOT_IMPLEMENTED for ways to authenticate that a delegate cannot try */
export function serviceTestOf(
  identifier: string,
  body: BodyOf<'K8sCluster'> | BodyOf<'DockerRegistry'> | BodyOf<'Vault'>,
): ServiceTest {
  const slots = new Slots();
  switch (body.type) {
    case 'K8sCluster':
      return { target: kubernetesTarget(identifier, body.spec, slots), secrets: slots.secrets };
    case 'DockerRegistry': {
      const { dockerRegistryUrl: url, auth } = body.spec;
      return {
        target: { type: 'docker-registry', url, ...(auth?.type === 'UsernamePassword' ? slots.login(auth.spec) : {}) },
        secrets: slots.secrets,
      };
    }
    case 'Vault':
      return { target: vaultTarget(identifier, body.spec, slots), secrets: slots.secrets };
  }
}

function kubernetesTarget(
  identifier: string,
  { credential }: BodyOf<'K8sCluster'>['spec'],
  slots: Slots,
): ServiceTarget {
  if (credential.type === 'InheritFromDelegate') return { type: 'kubernetes' };
  const { masterUrl, auth } = credential.spec;
  const ca = 'caCertRef' in auth.spec ? slots.optional('caCertSlot', 'ca-cert', auth.spec.caCertRef) : {};
  return { type: 'kubernetes', manual: { url: masterUrl, auth: kubernetesAuth(identifier, auth, slots), ...ca } };
}

type KubernetesAuth = NonNullable<Extract<ServiceTarget, { type: 'kubernetes' }>['manual']>['auth'];

function kubernetesAuth(identifier: string, auth: K8sAuth, slots: Slots): KubernetesAuth {
  switch (auth.type) {
    case 'UsernamePassword':
      return { type: 'basic', ...slots.login(auth.spec) };
    case 'ServiceAccount':
      return { type: 'token', tokenSlot: slots.required('token', auth.spec.serviceAccountTokenRef) };
    case 'ClientKeyCert':
      return {
        type: 'certificate',
        certificateSlot: slots.required('client-cert', auth.spec.clientCertRef),
        keySlot: slots.required('client-key', auth.spec.clientKeyRef),
        ...slots.optional('passphraseSlot', 'client-key-passphrase', auth.spec.clientKeyPassphraseRef),
      };
    case 'OpenIdConnect': {
      const {
        oidcIssuerUrl,
        oidcUsername,
        oidcUsernameRef,
        oidcClientIdRef,
        oidcPasswordRef,
        oidcSecretRef,
        oidcScopes,
      } = auth.spec;
      if (!oidcIssuerUrl) throw untestable(identifier, 'has no oidcIssuerUrl, so there is nobody to get a token from');
      return {
        type: 'openId',
        issuerUrl: oidcIssuerUrl,
        clientIdSlot: slots.required('client-id', oidcClientIdRef),
        ...slots.optional('clientSecretSlot', 'client-secret', oidcSecretRef),
        ...(oidcScopes ? { scopes: oidcScopes } : {}),
        ...slots.login({ username: oidcUsername, usernameRef: oidcUsernameRef, passwordRef: oidcPasswordRef }),
      };
    }
  }
}

function vaultTarget(identifier: string, spec: BodyOf<'Vault'>['spec'], slots: Slots): ServiceTarget {
  const base = { type: 'vault', url: spec.vaultUrl, ...(spec.namespace ? { namespace: spec.namespace } : {}) } as const;
  const other = [
    spec.useVaultAgent && 'a Vault agent',
    spec.useAwsIam && 'AWS IAM',
    spec.useK8sAuth && 'a Kubernetes service account',
    spec.useJwtAuth && 'a JWT',
  ].find((way) => typeof way === 'string');
  if (other)
    throw untestable(
      identifier,
      `signs in to Vault with ${other}, which a connection test cannot do; only tokens and AppRoles can be tested`,
    );
  if (spec.authToken) return { ...base, auth: { type: 'token', tokenSlot: slots.required('token', spec.authToken) } };
  if (spec.appRoleId && spec.secretId)
    return {
      ...base,
      auth: { type: 'appRole', roleId: spec.appRoleId, secretIdSlot: slots.required('secret-id', spec.secretId) },
    };
  throw untestable(identifier, 'names no way to sign in to Vault; give authToken, or appRoleId with secretId');
}

function untestable(identifier: string, why: string): AppError {
  return new AppError('NOT_IMPLEMENTED', `connector "${identifier}" ${why}`);
}
