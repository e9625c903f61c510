import { Text, Tooltip } from '@mantine/core';

import { formatRelativeTime, formatTimestamp } from './relative-time.js';
import { useNow } from './use-now.js';

/** "5 minutes ago", with the exact time for those who need it. */
export function Timestamp({ value }: { readonly value: number | null | undefined }) {
  const now = useNow(true, 30_000);
  if (!value)
    return (
      <Text span inherit c="dimmed">
        –
      </Text>
    );
  return (
    <Tooltip label={formatTimestamp(value)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={new Date(value).toISOString()}>{formatRelativeTime(value, now)}</time>
    </Tooltip>
  );
}
