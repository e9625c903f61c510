import { Box, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { ValueView } from '../execution/value-view.js';

interface EntityPageProps<Entity> {
  /** What it is, such as `Connector`. */
  readonly kind: string;
  readonly identifier: string;
  readonly queryKey: readonly unknown[];
  readonly read: (signal: AbortSignal) => Promise<Entity>;
  readonly nameOf: (entity: Entity) => string;
  /** What is shown of it, by label; empty values are left out. */
  readonly factsOf: (entity: Entity) => Readonly<Record<string, unknown>>;
  /** The way to the list it is from. */
  readonly back: ReactNode;
  readonly actions?: ReactNode;
}

/** One thing that is set up in a project, to read. */
export function EntityPage<Entity>({
  kind,
  identifier,
  queryKey,
  read,
  nameOf,
  factsOf,
  back,
  actions,
}: EntityPageProps<Entity>) {
  const query = useQuery({ queryKey, queryFn: ({ signal }) => read(signal) });
  return (
    <>
      <PageHeader
        title={query.data ? nameOf(query.data) : identifier}
        description={back}
        actions={query.data && actions}
      />
      {query.isPending && <Skeleton height={320} radius="md" aria-busy />}
      {query.isError && !query.data && (
        <ErrorState
          title={readFailureTitle(`${kind} "${identifier}"`, query.error)}
          error={query.error}
          onRetry={() => void query.refetch()}
          isRetrying={query.isFetching}
        />
      )}
      {query.data && (
        <Box className="surface" p="md" component="section" aria-label={`${kind} ${identifier}`}>
          <ValueView value={factsOf(query.data)} />
        </Box>
      )}
    </>
  );
}
