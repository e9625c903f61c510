import { Alert, Button, Group, Text } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';

/** Shown above data that could not be refreshed: the reader must know that it is old. */
export function StaleNotice({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  return (
    <Alert role="status" color="yellow" variant="light" icon={<IconCloudOff aria-hidden />} p="xs">
      <Group justify="space-between" gap="sm">
        <Text size="sm">What you see may be out of date: {error.message}</Text>
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Retry
        </Button>
      </Group>
    </Alert>
  );
}
