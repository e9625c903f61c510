import { Box, Button, Menu, Text } from '@mantine/core';
import { IconChevronDown, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { getCurrentUser } from '../features/session/current-user.api.js';
import { useSessionStore } from '../features/session/session-context.js';
import type { Session } from '../features/session/session.js';
import { useGateway } from '../gateway/gateway-context.js';

export function UserMenu({ session }: { readonly session: Extract<Session, { status: 'signed-in' }> }) {
  const gateway = useGateway();
  const store = useSessionStore();
  const { data: user } = useQuery({
    queryKey: ['currentUser', session.accountId],
    queryFn: ({ signal }) => getCurrentUser(gateway, signal),
    staleTime: 5 * 60_000,
  });
  const name = user?.name || user?.email || 'Signed in';
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          aria-label={`User menu of ${name}`}
          leftSection={<IconUserCircle size={20} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          <Text span inherit maw={180} className="truncate" visibleFrom="sm">
            {name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Box px="sm" py={6}>
          <Text size="sm" fw={600} className="break-anywhere">
            {name}
          </Text>
          {user?.email && user.email !== name && (
            <Text size="xs" c="dimmed" className="break-anywhere">
              {user.email}
            </Text>
          )}
          <Text size="xs" c="dimmed" className="break-anywhere">
            Account {session.accountId}
          </Text>
        </Box>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => store.signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
