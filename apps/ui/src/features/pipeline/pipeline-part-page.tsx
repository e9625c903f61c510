import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { PageButton, PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeParams } from '../project/use-project-scope.js';
import { getPipeline } from './pipeline.api.js';

interface PipelinePartPageProps {
  readonly scope: ProjectScope;
  readonly pipelineId: string;
  /** What of the pipeline the page is about, such as `Triggers`. */
  readonly title: string;
  readonly children: ReactNode;
}

/** A page about something that belongs to a pipeline. Without the pipeline it says so: its lists would only be empty. */
export function PipelinePartPage({ scope, pipelineId, title, children }: PipelinePartPageProps) {
  const gateway = useGateway();
  const query = useQuery({
    queryKey: ['pipeline', scope, pipelineId],
    queryFn: ({ signal }) => getPipeline(gateway, scope, pipelineId, signal),
  });
  const params = { ...scopeParams(scope), pipeline: pipelineId };
  return (
    <>
      <PageHeader
        title={`${title} of ${pipelineId}`}
        description={
          <PageLink to={PATHS.pipelines} params={scopeParams(scope)} inherit>
            All pipelines
          </PageLink>
        }
        actions={
          query.data && (
            <PageButton to={PATHS.pipelineStudio} params={params} variant="default">
              View YAML
            </PageButton>
          )
        }
      />
      {query.isPending && <Skeleton height={320} radius="md" aria-busy />}
      {query.isError && !query.data && (
        <ErrorState
          title={readFailureTitle(`Pipeline "${pipelineId}"`, query.error)}
          error={query.error}
          onRetry={() => void query.refetch()}
          isRetrying={query.isFetching}
        />
      )}
      {query.data && children}
    </>
  );
}
