import { Box, Button, Group, List, Text } from '@mantine/core';

import classes from './execution-page.module.css';
import type { Failure } from './execution-tree.js';

/** Why the execution failed, before anything else on the page. */
export function FailureSummary({
  failure,
  onShow,
}: {
  readonly failure: Failure;
  readonly onShow: ((nodeId: string) => void) | undefined;
}) {
  const { nodeId } = failure;
  return (
    <Box className={classes.failureBox} role="alert" aria-label="Why it failed" data-testid="execution-failure">
      <Group justify="space-between" mb={6} gap="sm">
        <Text size="sm" fw={650} c="var(--tone-failure)">
          {failure.where ? `Failed at ${failure.where}` : 'Failed'}
        </Text>
        {onShow && nodeId && (
          <Button size="compact-sm" variant="default" onClick={() => onShow(nodeId)}>
            Show step
          </Button>
        )}
      </Group>
      <pre className={classes.failure} tabIndex={0}>
        {failure.message}
      </pre>
      {failure.hints.length > 0 && (
        <List size="sm" mt="xs">
          {failure.hints.map((hint) => (
            <List.Item key={hint}>{hint}</List.Item>
          ))}
        </List>
      )}
    </Box>
  );
}
