import { Alert, Button, Code, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';

import { GatewayError } from '../gateway/gateway-error.js';

interface ErrorStateProps {
  /** What could not be done, such as `Executions could not be loaded`. */
  readonly title: string;
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
  readonly isRetrying?: boolean;
}

/** An error a user can act on: what, why, the id that support asks for, and a way to try again. */
export function ErrorState({ title, error, onRetry, isRetrying = false }: ErrorStateProps) {
  const facts = error instanceof GatewayError ? error : undefined;
  return (
    <Alert
      role="alert"
      color="red"
      variant="outline"
      title={title}
      icon={<IconAlertTriangle aria-hidden />}
      className="error-state"
    >
      <Stack gap="xs">
        <Text size="sm" className="break-anywhere">
          {error.message}
        </Text>
        {facts && facts.hints.length > 0 && (
          <List size="sm" spacing={2}>
            {facts.hints.map((hint) => (
              <List.Item key={hint}>{hint}</List.Item>
            ))}
          </List>
        )}
        {facts?.correlationId && (
          <Text size="xs" c="dimmed">
            Correlation id <Code>{facts.correlationId}</Code>
            {facts.code ? (
              <>
                {' '}
                · code <Code>{facts.code}</Code>
              </>
            ) : null}
          </Text>
        )}
        {onRetry && (
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} aria-hidden />}
              onClick={onRetry}
              loading={isRetrying}
            >
              Retry
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

/** Title of a failed read: says "not found" when that is what happened. */
export function readFailureTitle(what: string, error: Error): string {
  if (error instanceof GatewayError && error.status === 404) return `${what} was not found`;
  if (error instanceof GatewayError && error.status === 403) return `${what} is not open to this API key`;
  return `${what} could not be loaded`;
}
