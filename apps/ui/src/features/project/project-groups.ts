import type { Organization, Project } from './project.api.js';

export interface ProjectGroup {
  readonly orgId: string;
  readonly orgName: string;
  readonly projects: readonly Project[];
}

/** Projects under their organizations, both by name. An organization that is not listed goes by its identifier. */
export function groupByOrganization(
  projects: readonly Project[],
  organizations: readonly Organization[],
): readonly ProjectGroup[] {
  const names = new Map(organizations.map((organization) => [organization.identifier, organization.name]));
  const groups = new Map<string, Project[]>();
  for (const project of projects)
    groups.set(project.orgIdentifier, [...(groups.get(project.orgIdentifier) ?? []), project]);
  return [...groups]
    .map(([orgId, members]) => ({
      orgId,
      orgName: names.get(orgId) ?? orgId,
      projects: members.toSorted((left, right) => left.name.localeCompare(right.name, 'en')),
    }))
    .sort((left, right) => left.orgName.localeCompare(right.orgName, 'en'));
}
