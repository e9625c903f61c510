import { Button, type ButtonProps } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { useGateway } from '../../gateway/gateway-context.js';
import { GatewayError } from '../../gateway/gateway-error.js';
import { PATHS } from '../../navigation/paths.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams } from '../project/use-project-scope.js';
import { useMay } from '../session/permissions.api.js';
import { runPipeline } from './pipeline.api.js';

interface RunPipelineButtonProps extends ButtonProps {
  readonly scope: ProjectScope;
  readonly pipelineId: string;
}

/** Starts the pipeline and goes to the new execution. Not offered to who may not. */
export function RunPipelineButton({ scope, pipelineId, ...buttonProps }: RunPipelineButtonProps) {
  const gateway = useGateway();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayRun = useMay(scope, 'pipeline.execute');
  const run = useMutation({
    mutationFn: () => runPipeline(gateway, scope, pipelineId),
    onSuccess: (execution) => {
      void queries.invalidateQueries({ queryKey: ['executions'] });
      void navigate({ to: PATHS.execution, params: { ...scopeParams(scope), pipeline: pipelineId, execution } });
    },
    onError: (error) => {
      const id = error instanceof GatewayError && error.correlationId ? ` (correlation id ${error.correlationId})` : '';
      notifications.show({
        color: 'red',
        title: `${pipelineId} was not started`,
        message: `${error.message}${id}`,
        autoClose: 12_000,
      });
    },
  });
  if (!mayRun) return null;
  return (
    <Button
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      onClick={() => run.mutate()}
      loading={run.isPending}
      aria-label={`Run ${pipelineId}`}
      {...buttonProps}
    >
      Run
    </Button>
  );
}
