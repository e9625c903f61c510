import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';

import { SessionContext } from '../features/session/session-context.js';
import { SessionStore } from '../features/session/session.js';
import { GatewayClient } from '../gateway/gateway-client.js';
import { GatewayContext } from '../gateway/gateway-context.js';
import { GatewayError } from '../gateway/gateway-error.js';
import { createAppRouter } from './router.js';
import { theme } from './theme.js';

const sessionStore = new SessionStore(sessionStorage);

const gateway = new GatewayClient({
  credentials: () => {
    const session = sessionStore.current();
    return session.status === 'signed-in' ? session : undefined;
  },
  onUnauthorized: () => sessionStore.expire(),
});

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the server refuses once it refuses again; only passing trouble is worth a second try.
      retry: (failures, error) => failures < 2 && error instanceof GatewayError && error.isTransient,
      retryDelay: (attempt) => Math.min(4_000, 500 * 2 ** attempt),
    },
    mutations: { retry: false },
  },
});

const router = createAppRouter({ sessionStore, gateway });

export function App() {
  useEffect(
    () =>
      sessionStore.subscribe(() => {
        // Nothing of one key's data may be left for the next one.
        if (sessionStore.current().status === 'signed-out') queryClient.clear();
        void router.invalidate();
      }),
    [],
  );
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="top-right" />
      <SessionContext value={sessionStore}>
        <GatewayContext value={gateway}>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </GatewayContext>
      </SessionContext>
    </MantineProvider>
  );
}
