import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlayerStop } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { ErrorState } from '../../feedback/error-state.js';
import { useGateway } from '../../gateway/gateway-context.js';
import type { ProjectScope } from '../project/project-scope.js';
import { useMay } from '../session/permissions.api.js';
import { abortExecution } from './execution.api.js';

interface AbortButtonProps {
  readonly scope: ProjectScope;
  readonly executionId: string;
  readonly status: string;
}

/** Stops a running execution, after asking. Not offered to who may not. */
export function AbortButton({ scope, executionId, status }: AbortButtonProps) {
  const gateway = useGateway();
  const queries = useQueryClient();
  const mayAbort = useMay(scope, 'pipeline.execute');
  const [isOpen, dialog] = useDisclosure(false);
  const abort = useMutation({
    mutationFn: () => abortExecution(gateway, scope, executionId),
    onSuccess: async () => {
      dialog.close();
      await queries.invalidateQueries({ queryKey: ['execution', scope, executionId] });
    },
  });
  const isStopping = abort.isSuccess || status === 'Discontinuing';
  if (!mayAbort) return null;
  return (
    <>
      <Button
        color="red"
        variant="outline"
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={dialog.open}
        disabled={isStopping}
      >
        {isStopping ? 'Stopping…' : 'Abort'}
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Abort this execution?" centered>
        <Stack gap="md">
          <Text size="sm">
            The statement that runs now is cancelled on the database server and no further step starts. Changesets that
            are already applied stay applied; the migration lock is released.
          </Text>
          {abort.isError && <ErrorState title="The execution was not aborted" error={abort.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={dialog.close} data-autofocus>
              Keep running
            </Button>
            <Button color="red" onClick={() => abort.mutate()} loading={abort.isPending}>
              Abort execution
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
