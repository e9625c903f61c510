import { AppError, scopeColumns, type Scope } from '@sluice/kernel';
import type { FilingKind } from '@sluice/ng-manager-api';
import { parseYaml } from '@sluice/pipeline-engine';
import { stringify } from 'yaml';
import type { Traits } from './filing.entity.js';

/** Root keys of the documents. */
const ROOTS: Readonly<Record<FilingKind, string>> = {
  service: 'service',
  environment: 'environment',
  infrastructure: 'infrastructureDefinition',
};

/** What a request says besides its YAML. */
export interface Described {
  readonly identifier: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly traits: Traits;
}

/**
 * The document to keep: as it was sent, when its root and what it says of its identifier and place agree with the request; made of the request when none was sent.
 * @throws AppError INVALID_YAML_ERROR, INVALID_REQUEST naming the key
 */
export function documentOf(
  kind: FilingKind,
  scope: Scope,
  described: Described,
  sent: string | null | undefined,
): string {
  const { orgId, projectId } = scopeColumns(scope);
  const root = ROOTS[kind];
  const place = {
    ...(orgId === null ? {} : { orgIdentifier: orgId }),
    ...(projectId === null ? {} : { projectIdentifier: projectId }),
  };
  if (sent === null || sent === undefined || sent.trim() === '') {
    const { identifier, name, description, tags, traits } = described;
    return stringify({
      [root]: { name, identifier, ...(description ? { description } : {}), tags, ...place, ...traits },
    });
  }
  const document = parseYaml(sent, 'yaml').value;
  const inner = isRecord(document) ? document[root] : undefined;
  if (!isRecord(inner)) throw refused('yaml', `has no root key "${root}" with fields below it; write "${root}:" first`);
  for (const [key, wanted] of Object.entries({
    identifier: described.identifier,
    orgIdentifier: orgId,
    projectIdentifier: projectId,
  })) {
    const found = inner[key];
    if (found === undefined || found === null || found === '' || found === wanted) continue;
    throw refused(
      `yaml: ${root}.${key}`,
      `is ${JSON.stringify(found)?.slice(0, 140) ?? ''}, and the request says ${wanted === null ? 'none' : `"${wanted}"`}; make both the same`,
    );
  }
  return sent;
}

function refused(field: string, fault: string): AppError {
  return new AppError('INVALID_REQUEST', `${field} ${fault}`, { fields: [{ field, error: fault }] });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
