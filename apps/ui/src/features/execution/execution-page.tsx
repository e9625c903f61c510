import { Box, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';

import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { useDocumentTitle } from '../../feedback/page-header.js';
import { StaleNotice } from '../../feedback/stale-notice.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { pollIntervalMs } from '../../time/poll-interval.js';
import { usePageVisible } from '../../time/use-page-visible.js';
import { useNow } from '../../time/use-now.js';
import { useProjectScope } from '../project/use-project-scope.js';
import { ExecutionHeader } from './execution-header.js';
import classes from './execution-page.module.css';
import { isEnded, statusView } from './execution-status.js';
import { executionTree, nodeOfInterest, nodeOfInterestIn, pathTo, rootFailure } from './execution-tree.js';
import { getExecution, type ExecutionDetail } from './execution.api.js';
import { FailureSummary } from './failure-summary.js';
import { StageStrip } from './stage-strip.js';
import { StepDetails } from './step-details.js';
import { StepTree } from './step-tree.js';

/** One execution: what runs, what it says, why it failed. */
export function ExecutionPage() {
  const scope = useProjectScope();
  const gateway = useGateway();
  const isVisible = usePageVisible();
  const { execution: executionId = '' } = useParams({ strict: false });
  const query = useQuery({
    queryKey: ['execution', scope, executionId],
    queryFn: ({ signal }) => getExecution(gateway, scope, executionId, signal),
    refetchInterval: ({ state }) =>
      pollIntervalMs({
        isActive: !state.data || !isEnded(state.data.pipelineExecutionSummary),
        isVisible,
        activeMs: 2_000,
        idleMs: false,
      }),
    refetchIntervalInBackground: true,
  });

  if (query.isPending) return <ExecutionSkeleton />;
  if (!query.data) {
    return (
      <ErrorState
        title={readFailureTitle('This execution', query.error)}
        error={query.error}
        onRetry={() => void query.refetch()}
        isRetrying={query.isFetching}
      />
    );
  }
  return (
    <Stack gap="sm">
      {query.isError && <StaleNotice error={query.error} onRetry={() => void query.refetch()} />}
      <ExecutionView detail={query.data} />
    </Stack>
  );
}

function ExecutionView({ detail }: { readonly detail: ExecutionDetail }) {
  const navigate = useNavigate();
  const { step: chosenId } = useSearch({ strict: false });
  const { pipelineExecutionSummary: summary } = detail;
  const now = useNow(!isEnded(summary));
  const tree = useMemo(() => executionTree(detail), [detail]);
  const failure = useMemo(() => rootFailure(tree, summary), [tree, summary]);
  // Until a step is chosen the page shows what happens now, and moves on with it.
  const chosenPath = chosenId ? pathTo(tree, chosenId) : [];
  const selectedPath =
    chosenPath.length > 0 ? chosenPath : pathTo(tree, failure?.nodeId ?? nodeOfInterest(tree)?.id ?? '');
  const selected = selectedPath.at(-1);
  const stage = selectedPath.find((node) => node.kind === 'stage');
  const select = (step: string): void => void navigate({ to: '.', search: { step }, replace: true });
  useDocumentTitle(
    `${statusView(summary.status).label}: ${summary.name || summary.pipelineIdentifier} #${summary.runSequence}`,
  );

  return (
    <>
      <ExecutionHeader summary={summary} now={now} />
      {failure && (
        <FailureSummary
          failure={failure}
          onShow={failure.nodeId && failure.nodeId !== selected?.id ? select : undefined}
        />
      )}
      <StageStrip
        stages={tree}
        selectedId={stage?.id}
        onSelect={(chosen) => select(nodeOfInterestIn(chosen).id)}
        now={now}
      />
      <Box className={classes.columns}>
        <Box className={`surface ${classes.treeColumn}`} component="nav" aria-label="Steps">
          <StepTree nodes={tree} selectedId={selected?.id} onSelect={select} now={now} />
        </Box>
        <Box className={`surface ${classes.detailColumn}`} component="section" aria-label="Step details">
          {selected && (
            <StepDetails
              key={selected.id}
              path={selectedPath}
              node={detail.executionGraph?.nodeMap[selected.id]}
              isExecutionEnded={isEnded(summary)}
              shownFailure={failure?.message}
              now={now}
            />
          )}
        </Box>
      </Box>
    </>
  );
}

function ExecutionSkeleton() {
  return (
    <Stack gap="sm" aria-busy aria-label="Loading the execution">
      <Skeleton height={82} radius="md" />
      <Skeleton height={74} radius="md" />
      <Box className={classes.columns}>
        <Skeleton height={560} radius="md" />
        <Skeleton height={560} radius="md" />
      </Box>
    </Stack>
  );
}
