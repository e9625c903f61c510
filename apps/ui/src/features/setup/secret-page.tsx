import { useParams } from '@tanstack/react-router';

import { useGateway } from '../../gateway/gateway-context.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { EntityPage } from './entity-page.js';
import { secretFacts } from './setup-facts.js';
import { getSecret } from './setup.api.js';

/** A secret of the project, without its value. */
export function SecretPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const { secret = '' } = useParams({ strict: false });
  return (
    <EntityPage
      kind="Secret"
      identifier={secret}
      queryKey={['secret', scope, secret]}
      read={(signal) => getSecret(gateway, scope, secret, signal)}
      nameOf={(read) => read.secret.name}
      factsOf={secretFacts}
      back={
        <>
          <PageLink to={PATHS.secrets} params={scopeParams(scope)} inherit>
            All secrets
          </PageLink>{' '}
          · values are never shown
        </>
      }
    />
  );
}
