import { AppError, type Scope, scopeColumns } from '@sluice/kernel';
import {
  connectorIn,
  type Connector,
  type ConnectorResponse,
  type V1ConnectorIn,
  type V1ConnectorOut,
  type V1ConnectorTestOut,
  type ValidationResult,
} from '@sluice/ng-manager-api';

/** Name, in this generation, of the `type` the other one has inside a spec. */
const INNER_TYPES: Readonly<Record<string, string>> = {
  Git: 'protocol',
  Github: 'connectionType',
  Gitlab: 'connectionType',
  Bitbucket: 'connectionType',
};

/**
 * The connector of a `/v1` body as the other generation writes it, checked as one. Pure.
 * @throws AppError INVALID_REQUEST naming field and value, also for an org or project that is not the path's
 */
export function connectorOfV1(
  { identifier, slug, name, description, tags, org, project, spec }: V1ConnectorIn,
  scope: Scope,
): Connector {
  const { orgId, projectId } = scopeColumns(scope);
  requireSame('connector.org', org, orgId);
  requireSame('connector.project', project, projectId);
  const { type, ...fields } = spec;
  const inner = Object.hasOwn(INNER_TYPES, type) ? INNER_TYPES[type] : undefined;
  const { [inner ?? '']: innerType, ...others } = fields;
  const given = {
    identifier: identifier ?? slug,
    name,
    description,
    tags,
    orgIdentifier: orgId ?? undefined,
    projectIdentifier: projectId ?? undefined,
    type,
    spec: inner === undefined ? fields : { ...others, type: innerType },
  };
  const parsed = connectorIn.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({
      field: ['connector', ...fieldOf(issue.path.map(String), inner)].join('.'),
      error: issue.message,
    }));
  throw new AppError(
    'INVALID_REQUEST',
    `invalid body: ${issues.map(({ field, error }) => `${field}: ${error}`).join('; ')}`,
    { fields: issues },
  );
}

/** Where the sender wrote it. */
function fieldOf(path: readonly string[], inner: string | undefined): readonly string[] {
  if (path[0] === 'type') return ['spec', 'type'];
  return inner !== undefined && path.length === 2 && path[0] === 'spec' && path[1] === 'type' ? ['spec', inner] : path;
}

function requireSame(field: string, given: string | null | undefined, actual: string | null): void {
  if (!given || given === actual) return;
  throw new AppError(
    'INVALID_REQUEST',
    `${field} is "${given}", the path says ${actual === null ? 'none' : `"${actual}"`}; leave it out, or send the same`,
    { fields: [{ field, error: 'differs from the path' }] },
  );
}

export function presentConnectorV1({
  connector: { identifier, name, description, tags, orgIdentifier, projectIdentifier, type, spec },
  createdAt,
  lastModifiedAt,
  status,
  harnessManaged,
}: ConnectorResponse): V1ConnectorOut {
  const inner = INNER_TYPES[type];
  const { type: innerType, ...fields } = spec as { readonly type?: unknown; readonly [field: string]: unknown };
  return {
    connector: {
      identifier,
      slug: identifier,
      name,
      org: orgIdentifier ?? null,
      project: projectIdentifier ?? null,
      description: description ?? '',
      tags: tags ?? {},
      spec: { type, ...fields, ...(inner === undefined ? {} : { [inner]: innerType }) },
    },
    created: createdAt,
    updated: lastModifiedAt,
    status,
    harness_managed: harnessManaged,
  };
}

export function presentTestV1({
  status,
  errors,
  errorSummary,
  testedAt,
  delegateId,
}: ValidationResult): V1ConnectorTestOut {
  return { status, errors, error_summary: errorSummary, tested_at: testedAt, delegate_id: delegateId };
}
