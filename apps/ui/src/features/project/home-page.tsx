import { Box, CloseButton, Code, SimpleGrid, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconFolders, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';

import { EmptyState } from '../../feedback/empty-state.js';
import { ErrorState, readFailureTitle } from '../../feedback/error-state.js';
import { PageHeader } from '../../feedback/page-header.js';
import { useGateway } from '../../gateway/gateway-context.js';
import { keepRows } from '../../gateway/keep-rows.js';
import { useSearchText } from '../../navigation/use-search-text.js';
import { ProjectCard } from './project-card.js';
import { groupByOrganization, type ProjectGroup } from './project-groups.js';
import { listOrganizations, listProjects } from './project.api.js';

/** Where one starts: the projects of the account, by organization. */
export function HomePage() {
  const gateway = useGateway();
  const navigate = useNavigate();
  const { account = '', org } = useParams({ strict: false });
  const { q = '' } = useSearch({ strict: false });
  const searchText = useSearchText(q, (text) => void navigate({ to: '.', search: { q: text }, replace: true }));
  const organizations = useQuery({
    queryKey: ['organizations', account],
    queryFn: ({ signal }) => listOrganizations(gateway, signal),
    staleTime: 30_000,
  });
  const listKey = ['projects', account, org];
  const projects = useQuery({
    queryKey: [...listKey, q],
    queryFn: ({ signal }) => listProjects(gateway, { searchTerm: q, orgId: org }, signal),
    placeholderData: keepRows(listKey),
  });
  // Names of organizations only make the page nicer: without them it shows identifiers.
  const groups = projects.data && groupByOrganization(projects.data.projects, organizations.data ?? []);

  return (
    <>
      <PageHeader
        title={org ? `Projects of ${org}` : 'Projects'}
        description="Choose a project to see what its pipelines roll out"
      />
      <Stack gap="md">
        <TextInput
          aria-label="Search projects"
          placeholder="Search projects"
          w={{ base: '100%', sm: 320 }}
          leftSection={<IconSearch size={16} aria-hidden />}
          {...searchText.inputProps}
          rightSection={
            searchText.inputProps.value ? (
              <CloseButton size="sm" aria-label="Clear search" onClick={searchText.clear} />
            ) : null
          }
        />
        {projects.isPending && (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} aria-busy>
            {[0, 1, 2].map((card) => (
              <Skeleton key={card} height={104} radius="md" />
            ))}
          </SimpleGrid>
        )}
        {projects.isError && !projects.data && (
          <ErrorState
            title={readFailureTitle('The list of projects', projects.error)}
            error={projects.error}
            onRetry={() => void projects.refetch()}
            isRetrying={projects.isFetching}
          />
        )}
        {groups?.map((group) => (
          <OrganizationSection key={group.orgId} account={account} group={group} />
        ))}
        {groups?.length === 0 && (
          <Box className="surface">
            <NoProjects isSearch={q !== ''} />
          </Box>
        )}
        {projects.data && projects.data.total > projects.data.projects.length && (
          <Text size="sm" c="dimmed">
            Showing {projects.data.projects.length} of {projects.data.total.toLocaleString('en')} projects. Search to
            find the others.
          </Text>
        )}
      </Stack>
    </>
  );
}

function OrganizationSection({ account, group }: { readonly account: string; readonly group: ProjectGroup }) {
  return (
    <Box component="section" aria-label={`Organization ${group.orgName}`}>
      <Title order={2} size="h5" mb="xs">
        {group.orgName}{' '}
        {group.orgName !== group.orgId && (
          <Text span inherit c="dimmed" fw={400} size="sm" className="mono">
            {group.orgId}
          </Text>
        )}
      </Title>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {group.projects.map((project) => (
          <ProjectCard key={project.identifier} account={account} project={project} />
        ))}
      </SimpleGrid>
    </Box>
  );
}

function NoProjects({ isSearch }: { readonly isSearch: boolean }) {
  if (isSearch)
    return (
      <EmptyState icon={<IconSearch size={28} />} title="No project matches">
        No project has this text in its name or identifier.
      </EmptyState>
    );
  return (
    <EmptyState icon={<IconFolders size={30} />} title="No project yet">
      Create one through the API (<Code>POST /gateway/ng/api/projects</Code>), or let the command line make everything a
      first deployment needs: <Code>npm run sluice -- deploy --help</Code>.
    </EmptyState>
  );
}
