import { Box, CloseButton, Skeleton, Stack, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { ErrorState, readFailureTitle } from '../feedback/error-state.js';
import { keepRows } from '../gateway/keep-rows.js';
import { PageTurner } from './page-turner.js';
import { useSearchText } from './use-search-text.js';

interface SearchedListProps<Row> {
  /** What it lists, in a sentence: one of it, and many. */
  readonly noun: readonly [one: string, many: string];
  readonly listKey: readonly unknown[];
  readonly pageSize: number;
  /** Reads one page; `page` is 0-based. */
  readonly read: (
    filter: { readonly searchTerm: string; readonly page: number },
    signal: AbortSignal,
  ) => Promise<{ readonly rows: readonly Row[]; readonly total: number }>;
  readonly renderTable: (rows: readonly Row[]) => ReactNode;
  /** Instead of a table without rows. */
  readonly renderEmpty: (isSearch: boolean) => ReactNode;
}

/** A list that is searched, and turned page by page. Text and page stand in the address. */
export function SearchedList<Row>({ noun, listKey, pageSize, read, renderTable, renderEmpty }: SearchedListProps<Row>) {
  const navigate = useNavigate();
  const { q = '', page = 1 } = useSearch({ strict: false });
  const searchText = useSearchText(
    q,
    (text) => void navigate({ to: '.', search: { q: text, page: 1 }, replace: true }),
  );
  const query = useQuery({
    queryKey: [...listKey, q, page],
    queryFn: ({ signal }) => read({ searchTerm: q, page: page - 1 }, signal),
    placeholderData: keepRows(listKey),
  });
  return (
    <Stack gap="sm">
      <TextInput
        aria-label={`Search ${noun[1]}`}
        placeholder={`Search ${noun[1]}`}
        w={{ base: '100%', sm: 320 }}
        leftSection={<IconSearch size={16} aria-hidden />}
        {...searchText.inputProps}
        rightSection={
          searchText.inputProps.value ? (
            <CloseButton size="sm" aria-label="Clear search" onClick={searchText.clear} />
          ) : null
        }
      />
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
              title={readFailureTitle(`The list of ${noun[1]}`, query.error)}
              error={query.error}
              onRetry={() => void query.refetch()}
              isRetrying={query.isFetching}
            />
          </Box>
        )}
        {query.data && (query.data.rows.length > 0 ? renderTable(query.data.rows) : renderEmpty(q !== ''))}
      </Box>
      {query.data && (
        <PageTurner
          noun={noun}
          total={query.data.total}
          pageSize={pageSize}
          page={page}
          onTurn={(next) => void navigate({ to: '.', search: { q, page: next } })}
        />
      )}
    </Stack>
  );
}
