import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';

import { useGateway } from '../../gateway/gateway-context.js';
import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { useMay } from '../session/permissions.api.js';
import { EntityPage } from './entity-page.js';
import { connectorFacts } from './setup-facts.js';
import { getConnector, testConnector } from './setup.api.js';

/** A connector of the project, to read and to test. */
export function ConnectorPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const queries = useQueryClient();
  const { connector = '' } = useParams({ strict: false });
  const mayTest = useMay(scope, 'connector.access');
  const queryKey = ['connector', scope, connector];
  const test = useMutation({
    mutationFn: () => testConnector(gateway, scope, connector),
    onSuccess: ({ status, errorSummary }) => {
      const isGood = status === 'SUCCESS';
      notifications.show({
        color: isGood ? 'green' : 'red',
        title: isGood ? 'The connection works' : 'The connection does not work',
        message: errorSummary ?? `Tested by a delegate: ${status}.`,
        autoClose: isGood ? 6_000 : false,
      });
      void queries.invalidateQueries({ queryKey });
    },
    onError: (error) =>
      notifications.show({
        color: 'red',
        title: 'The connection was not tested',
        message: error.message,
        autoClose: false,
      }),
  });
  return (
    <EntityPage
      kind="Connector"
      identifier={connector}
      queryKey={queryKey}
      read={(signal) => getConnector(gateway, scope, connector, signal)}
      nameOf={(read) => read.connector.name}
      factsOf={connectorFacts}
      back={
        <PageLink to={PATHS.connectors} params={scopeParams(scope)} inherit>
          All connectors
        </PageLink>
      }
      actions={
        mayTest && (
          <Button
            variant="default"
            leftSection={<IconPlugConnected size={16} aria-hidden />}
            onClick={() => test.mutate()}
            loading={test.isPending}
          >
            Test connection
          </Button>
        )
      }
    />
  );
}
