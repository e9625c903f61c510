import type { Scope } from '@sluice/kernel';
import type { Stores } from '../persistence/unit-of-work.js';

/** Identifier of the secret manager every scope has. */
const BUILT_IN_SECRET_MANAGER = 'harnessSecretManager';
/** Identifier of the account's image registry, the default image connector of steps. */
const BUILT_IN_IMAGE_CONNECTOR = 'harnessImage';

/** Adds what every new scope has from the start; repeating it changes nothing. */
export async function addBuiltInConnectors(stores: Stores, scope: Scope): Promise<void> {
  const named = { description: null, tags: {} };
  await stores.connectors.ensure(scope, BUILT_IN_SECRET_MANAGER, {
    ...named,
    name: 'Built-in Secret Manager',
    type: 'Local',
    spec: { default: true },
  });
  if (scope.level !== 'account') return;
  await stores.connectors.ensure(scope, BUILT_IN_IMAGE_CONNECTOR, {
    ...named,
    name: 'Built-in Docker Registry',
    type: 'DockerRegistry',
    spec: { dockerRegistryUrl: 'https://index.docker.io/v2/', providerType: 'DockerHub', auth: { type: 'Anonymous' } },
  });
}
