import { Alert, Box, Button, Center, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconClockExclamation, IconKey } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Navigate, useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useRef, useState, type SubmitEvent } from 'react';

import { Logo } from '../../brand/logo.js';
import { useDocumentTitle } from '../../feedback/page-header.js';
import { GatewayClient } from '../../gateway/gateway-client.js';
import { GatewayError } from '../../gateway/gateway-error.js';
import { PATHS } from '../../navigation/paths.js';
import { getCurrentUser } from './current-user.api.js';
import { useSession, useSessionStore } from './session-context.js';
import { checkApiKey } from './session.js';

/** Asks for an API key, tries it, and goes on to where the visitor wanted to be. */
export function SignInPage() {
  useDocumentTitle('Sign in');
  const store = useSessionStore();
  const session = useSession();
  const navigate = useNavigate();
  const router = useRouter();
  const { next } = useSearch({ from: PATHS.signIn });
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();

  const signIn = useMutation({
    mutationFn: async (key: { apiKey: string; accountId: string }) => {
      await getCurrentUser(new GatewayClient({ credentials: () => key, onUnauthorized: () => undefined }));
      return key;
    },
    onSuccess: (key) => {
      store.signIn(key);
      // Only an address of this application: a crafted link must not lead elsewhere.
      if (next?.startsWith('/ng/') && !next.startsWith('/ng/signin')) router.history.push(next);
      else void navigate({ to: PATHS.home, params: { account: key.accountId } });
    },
    onError: (error) => {
      setProblem(describeFailure(error));
      input.current?.focus();
    },
  });

  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const key = checkApiKey(text);
    setProblem(key.isValid ? undefined : key.problem);
    if (key.isValid) signIn.mutate(key);
    else input.current?.focus();
  };

  if (session.status === 'signed-in' && signIn.isIdle)
    return <Navigate to={PATHS.home} params={{ account: session.accountId }} replace />;
  return (
    <Center mih="100dvh" p="md" component="main">
      <Box w="100%" maw={420}>
        <Group justify="center" gap="sm" mb="lg">
          <Logo size={40} />
          <Text fw={700} fz={26}>
            Sluice
          </Text>
        </Group>
        <Paper className="surface" p="xl">
          <form onSubmit={submit} noValidate>
            <Stack gap="md">
              <Box>
                <Title order={1} size="h3">
                  Sign in
                </Title>
                <Text size="sm" c="dimmed" mt={4}>
                  Database changes, rolled out by pipelines.
                </Text>
              </Box>
              {session.status === 'signed-out' && session.reason === 'expired' && !signIn.isError && (
                <Alert role="status" color="yellow" icon={<IconClockExclamation aria-hidden />} p="sm">
                  Your session ended because the API key is no longer accepted. Sign in again to go on.
                </Alert>
              )}
              <PasswordInput
                ref={input}
                label="API key"
                description="Kept in this browser tab only, and forgotten when you close it."
                placeholder="pat.account.id.secret"
                name="api-key"
                autoComplete="off"
                spellCheck={false}
                data-autofocus
                autoFocus
                leftSection={<IconKey size={16} aria-hidden />}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                error={problem}
                errorProps={{ role: 'alert' }}
                visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
              />
              <Button type="submit" loading={signIn.isPending} fullWidth>
                Sign in
              </Button>
            </Stack>
          </form>
        </Paper>
        <Text size="xs" c="dimmed" ta="center" mt="md">
          The first start of Sluice prints an API key. Ask an administrator of your account for one of your own.
        </Text>
      </Box>
    </Center>
  );
}

function describeFailure(error: Error): string {
  if (!(error instanceof GatewayError)) return error.message;
  if (error.status === 401) return 'This API key is not accepted. It may be mistyped, expired or revoked.';
  const id = error.correlationId ? ` (correlation id ${error.correlationId})` : '';
  return `${error.message}${id}`;
}
