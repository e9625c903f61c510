import { AppShell, Box, Burger, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconDatabase,
  IconHistory,
  IconKey,
  IconLayoutGrid,
  IconPlugConnected,
  IconRoute,
  IconServer,
} from '@tabler/icons-react';
import { Outlet, useParams } from '@tanstack/react-router';

import { ScopeGate } from '../features/project/scope-gate.js';
import { useSession } from '../features/session/session-context.js';
import { PageLink, PageNavLink } from '../navigation/links.js';
import { PATHS } from '../navigation/paths.js';
import classes from './account-shell.module.css';
import { ColorSchemeButton } from './color-scheme-button.js';
import { Logo } from '../brand/logo.js';
import { OtherAccountPage } from './other-account-page.js';
import { UserMenu } from './user-menu.js';

const HEADER_HEIGHT = 56;

/** Frame of every page behind the sign-in: header with the account, navigation of the project at hand. */
export function AccountShell() {
  const [isMenuOpen, menu] = useDisclosure(false);
  const session = useSession();
  const { account, org, project } = useParams({ strict: false });
  // Signing out is under way: the router moves to the sign-in page.
  if (session.status === 'signed-out') return null;
  const isOwnAccount = account === session.accountId;
  return (
    <AppShell
      header={{ height: HEADER_HEIGHT }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isMenuOpen } }}
      padding={{ base: 'sm', md: 'lg' }}
      classNames={{ header: classes.header, navbar: classes.navbar, main: classes.main }}
    >
      <a href="#content" className="skip-link">
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" className={classes.brandArea}>
            <Burger opened={isMenuOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <PageLink
              to={PATHS.home}
              params={{ account: session.accountId }}
              underline="never"
              className={classes.brand}
              aria-label="Sluice, all projects"
            >
              <Logo />
              <Text span fw={700} size="lg" visibleFrom="xs">
                Sluice
              </Text>
            </PageLink>
            {org && project && (
              <Text component="div" size="sm" className={classes.crumbs} aria-label="Current project">
                <Text span inherit c="dimmed" visibleFrom="sm">
                  {org}
                </Text>
                <Text span inherit c="dimmed" visibleFrom="sm" aria-hidden>
                  /
                </Text>
                <Text span inherit fw={600} className="truncate">
                  {project}
                </Text>
              </Text>
            )}
          </Group>
          <Group gap={4} wrap="nowrap">
            <ColorSchemeButton />
            <UserMenu session={session} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Main">
        <PageNavLink
          to={PATHS.home}
          params={{ account: session.accountId }}
          label="Projects"
          leftSection={<IconLayoutGrid size={18} aria-hidden />}
          onClick={menu.close}
        />
        <PageNavLink
          to={PATHS.delegates}
          params={{ account: session.accountId }}
          label="Delegates"
          leftSection={<IconServer size={18} aria-hidden />}
          onClick={menu.close}
        />
        {org && project ? (
          <ProjectNavigation params={{ account: session.accountId, org, project }} onNavigate={menu.close} />
        ) : (
          <Text size="sm" c="dimmed" px="sm" pt="md">
            Choose a project to see its executions.
          </Text>
        )}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Box className={classes.content}>
          {isOwnAccount ? (
            <Pages account={session.accountId} org={org} project={project} />
          ) : (
            <OtherAccountPage accountInAddress={account ?? ''} ownAccount={session.accountId} />
          )}
        </Box>
      </AppShell.Main>
    </AppShell>
  );
}

interface PagesProps {
  readonly account: string;
  readonly org: string | undefined;
  readonly project: string | undefined;
}

function Pages({ account, org, project }: PagesProps) {
  if (org === undefined) return <Outlet />;
  return (
    <ScopeGate account={account} org={org} project={project}>
      <Outlet />
    </ScopeGate>
  );
}

interface ProjectNavigationProps {
  readonly params: { readonly account: string; readonly org: string; readonly project: string };
  readonly onNavigate: () => void;
}

function ProjectNavigation({ params, onNavigate }: ProjectNavigationProps) {
  return (
    <>
      <Text size="xs" fw={600} c="dimmed" px="sm" pt="md" pb={4} className="truncate">
        {params.project}
      </Text>
      <PageNavLink
        to={PATHS.executions}
        params={params}
        label="Executions"
        leftSection={<IconHistory size={18} aria-hidden />}
        onClick={onNavigate}
        activeOptions={{ includeSearch: false }}
      />
      <PageNavLink
        to={PATHS.pipelines}
        params={params}
        label="Pipelines"
        leftSection={<IconRoute size={18} aria-hidden />}
        onClick={onNavigate}
        activeOptions={{ includeSearch: false }}
      />
      <PageNavLink
        to={PATHS.dbSchemas}
        params={params}
        label="DB schemas"
        leftSection={<IconDatabase size={18} aria-hidden />}
        onClick={onNavigate}
        activeOptions={{ includeSearch: false }}
      />
      <PageNavLink
        to={PATHS.connectors}
        params={params}
        label="Connectors"
        leftSection={<IconPlugConnected size={18} aria-hidden />}
        onClick={onNavigate}
        activeOptions={{ includeSearch: false }}
      />
      <PageNavLink
        to={PATHS.secrets}
        params={params}
        label="Secrets"
        leftSection={<IconKey size={18} aria-hidden />}
        onClick={onNavigate}
        activeOptions={{ includeSearch: false }}
      />
    </>
  );
}
