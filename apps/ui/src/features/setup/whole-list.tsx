import { Box, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { StaleNotice } from '../../feedback/stale-notice.js';
import { useGateway } from '../../gateway/gateway-context.js';
import type { GatewayClient } from '../../gateway/gateway-client.js';

interface WholeListProps<Row> {
  /** What it lists, many of it. */
  readonly what: string;
  readonly queryKey: readonly unknown[];
  readonly read: (gateway: GatewayClient, signal: AbortSignal) => Promise<readonly Row[]>;
  readonly refetchMs?: number;
  readonly renderTable: (rows: readonly Row[]) => ReactNode;
  readonly empty: ReactNode;
}

/** A list the server gives as a whole. */
export function WholeList<Row>({ what, queryKey, read, refetchMs, renderTable, empty }: WholeListProps<Row>) {
  const gateway = useGateway();
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => read(gateway, signal),
    refetchInterval: refetchMs ?? false,
  });
  return (
    <Stack gap="sm">
      {query.isError && query.data && <StaleNotice error={query.error} onRetry={() => void query.refetch()} />}
      <Box className="surface">
        {query.isPending && (
          <Stack p="md" gap="sm" aria-busy>
            {[0, 1, 2].map((row) => (
              <Skeleton key={row} height={40} />
            ))}
          </Stack>
        )}
        {query.isError && !query.data && (
          <Box p="md">
            <ErrorState
              title={readFailureTitle(`The list of ${what}`, query.error)}
              error={query.error}
              onRetry={() => void query.refetch()}
              isRetrying={query.isFetching}
            />
          </Box>
        )}
        {query.data && (query.data.length > 0 ? renderTable(query.data) : empty)}
      </Box>
    </Stack>
  );
}
