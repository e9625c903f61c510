import { Container } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';

import { ErrorState } from '../feedback/error-state.js';

/** A page that threw while it was drawn. The rest of the application goes on. */
export function CrashPage({ error, reset }: ErrorComponentProps) {
  return (
    <Container size="sm" py={64}>
      <ErrorState
        title="This page stopped working"
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={reset}
      />
    </Container>
  );
}
