import { Skeleton } from '@mantine/core';
import { IconFolderOff, IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { EmptyState } from '../../feedback/empty-state.js';
import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { useDocumentTitle } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { GatewayError } from '../../gateway/gateway-error.js';
import { PageButton } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { readPlace, type Place } from './project.api.js';

interface ScopeGateProps {
  readonly account: string;
  readonly org: string;
  /** Left out for pages of the organization itself. */
  readonly project?: string | undefined;
  readonly children: ReactNode;
}

/** Shows pages inside a project or organization only when there is one: a misspelt address must not look like an empty project. */
export function ScopeGate({ account, org, project, children }: ScopeGateProps) {
  const gateway = useGateway();
  const place: Place = project === undefined ? { kind: 'organization', org } : { kind: 'project', org, project };
  const query = useQuery({
    queryKey: ['place', account, org, project],
    queryFn: ({ signal }) => readPlace(gateway, place, signal),
    staleTime: 60_000,
  });
  if (query.data) return children;
  if (query.isPending) return <Skeleton height={420} radius="md" aria-busy />;
  return (
    <PlaceMissing
      account={account}
      place={place}
      error={query.error}
      onRetry={() => void query.refetch()}
      isRetrying={query.isFetching}
    />
  );
}

interface PlaceMissingProps {
  readonly account: string;
  readonly place: Place;
  readonly error: Error;
  readonly onRetry: () => void;
  readonly isRetrying: boolean;
}

function PlaceMissing({ account, place, error, onRetry, isRetrying }: PlaceMissingProps) {
  const name = place.kind === 'project' ? `Project "${place.project}"` : `Organization "${place.org}"`;
  const title = readFailureTitle(name, error);
  useDocumentTitle(title);
  const home = (
    <PageButton to={PATHS.home} params={{ account }} variant="default">
      Go to projects
    </PageButton>
  );
  if (error instanceof GatewayError && error.status === 404) {
    return (
      <EmptyState icon={<IconFolderOff size={30} />} title={title} actions={home}>
        {place.kind === 'project'
          ? `Organization "${place.org}" has no project with this identifier.`
          : 'The account has no organization with this identifier.'}{' '}
        It may have been deleted, or the address is misspelt.
      </EmptyState>
    );
  }
  if (error instanceof GatewayError && error.status === 403) {
    return (
      <EmptyState icon={<IconLock size={30} />} title={title} actions={home}>
        {error.message}. Ask an administrator for a role there, or sign in with another key.
      </EmptyState>
    );
  }
  return <ErrorState title={title} error={error} onRetry={onRetry} isRetrying={isRetrying} />;
}
