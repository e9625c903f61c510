import { ActionIcon, Box, CopyButton, Group, Skeleton, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';

import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { PageButton, PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import { scopeParams, useProjectScope } from '../project/use-project-scope.js';
import { getPipeline } from './pipeline.api.js';
import classes from './pipeline-page.module.css';
import { RunPipelineButton } from './run-pipeline-button.js';

/** The YAML of a pipeline, to read. */
export function PipelinePage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const { pipeline = '' } = useParams({ strict: false });
  const query = useQuery({
    queryKey: ['pipeline', scope, pipeline],
    queryFn: ({ signal }) => getPipeline(gateway, scope, pipeline, signal),
  });
  const params = { ...scopeParams(scope), pipeline };
  return (
    <>
      <PageHeader
        title={pipeline}
        description={
          <PageLink to={PATHS.pipelines} params={scopeParams(scope)} inherit>
            All pipelines
          </PageLink>
        }
        actions={
          <Group gap="xs">
            <PageButton to={PATHS.pipelineExecutions} params={params} variant="default">
              Executions
            </PageButton>
            <PageButton to={PATHS.triggers} params={params} variant="default">
              Triggers
            </PageButton>
            <PageButton to={PATHS.inputSets} params={params} variant="default">
              Input sets
            </PageButton>
            {query.data && <RunPipelineButton scope={scope} pipelineId={pipeline} />}
          </Group>
        }
      />
      {query.isPending && <Skeleton height={420} radius="md" aria-busy />}
      {query.isError && !query.data && (
        <ErrorState
          title={readFailureTitle('This pipeline', query.error)}
          error={query.error}
          onRetry={() => void query.refetch()}
          isRetrying={query.isFetching}
        />
      )}
      {query.data && <YamlView yaml={query.data.yamlPipeline} />}
    </>
  );
}

function YamlView({ yaml }: { readonly yaml: string }) {
  return (
    <Box className="surface" component="section" aria-label="Pipeline YAML">
      <Group justify="space-between" className={classes.bar}>
        <Text size="sm" fw={600}>
          Pipeline YAML
        </Text>
        <CopyButton value={yaml}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy YAML'}>
              <ActionIcon onClick={copy} aria-label="Copy YAML">
                {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      <pre className={classes.yaml} tabIndex={0}>
        {yaml}
      </pre>
    </Box>
  );
}
