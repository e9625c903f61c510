import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

/** What the platform keeps of an entity and does not do with it, as the answer to a save says it. Nothing when there is nothing to say. */
export function WarningsNotice({
  warnings,
}: {
  readonly warnings: readonly { readonly field: string; readonly message: string }[] | undefined;
}) {
  if (!warnings || warnings.length === 0) return null;
  return (
    <Alert role="note" color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} p="xs">
      {warnings.map(({ field, message }) => (
        <Text key={field} size="sm">
          <span className="mono">{field}</span>: {message}
        </Text>
      ))}
    </Alert>
  );
}
