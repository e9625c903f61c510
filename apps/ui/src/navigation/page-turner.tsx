import { Group, Pagination, Text } from '@mantine/core';

interface PageTurnerProps {
  /** What is paged, one and several: shown with how many there are, and spoken with every control. */
  readonly noun: readonly [one: string, several: string];
  readonly total: number;
  readonly pageSize: number;
  /** 1-based. */
  readonly page: number;
  readonly onTurn: (page: number) => void;
}

/** How much a list holds, and the way to its other pages when it has any. */
export function PageTurner({ noun: [one, several], total, pageSize, page, onTurn }: PageTurnerProps) {
  const pages = Math.ceil(total / pageSize);
  if (total === 0) return null;
  return (
    <Group justify="space-between">
      <Text size="sm" c="dimmed" role="status">
        {rangeOf(total, pageSize, page)}
        {total === 1 ? one : several}
      </Text>
      {pages > 1 && (
        <Pagination
          total={pages}
          value={page}
          size="sm"
          onChange={onTurn}
          aria-label={`Pages of ${several}`}
          getControlProps={(control) => ({ 'aria-label': `${control} page of ${several}` })}
          getItemProps={(item) => ({ 'aria-label': `Page ${item} of ${several}` })}
        />
      )}
    </Group>
  );
}

/** `7 ` for what fits on one page, `26–50 of 1,000 ` otherwise. */
function rangeOf(total: number, pageSize: number, page: number): string {
  const shown = (count: number): string => count.toLocaleString('en');
  if (total <= pageSize) return `${shown(total)} `;
  const from = (page - 1) * pageSize + 1;
  if (from > total) return `${shown(total)} `;
  return `${shown(from)}–${shown(Math.min(page * pageSize, total))} of ${shown(total)} `;
}
