import { Box, Group, Text } from '@mantine/core';

import { PageLink } from '../../navigation/links.js';
import { PATHS } from '../../navigation/paths.js';
import type { Project } from './project.api.js';
import classes from './project-card.module.css';

export function ProjectCard({ account, project }: { readonly account: string; readonly project: Project }) {
  const params = { account, org: project.orgIdentifier, project: project.identifier };
  return (
    <Box className={`surface ${classes.card}`} data-testid="project-card">
      <PageLink to={PATHS.executions} params={params} fw={600} className={classes.title}>
        {project.name}
      </PageLink>
      <Text size="xs" c="dimmed" className="mono truncate">
        {project.identifier}
      </Text>
      {project.description && (
        <Text size="sm" c="dimmed" lineClamp={1}>
          {project.description}
        </Text>
      )}
      <Group gap="md" mt="auto" className={classes.links}>
        <PageLink to={PATHS.pipelines} params={params} size="sm" aria-label={`Pipelines of ${project.name}`}>
          Pipelines
        </PageLink>
        <PageLink to={PATHS.dbSchemas} params={params} size="sm" aria-label={`DB schemas of ${project.name}`}>
          DB schemas
        </PageLink>
      </Group>
    </Box>
  );
}
