import type { AuditEventRecord } from '@sluice/api-conventions';
import { AppError, projectScope, type ProjectScope } from '@sluice/kernel';
import { parseYaml, referencesIn, type Reference } from '@sluice/pipeline-engine';
import { z } from 'zod';

/** A document people store here, by kind and place. */
export interface DocumentAt {
  readonly scope: ProjectScope;
  readonly kind: 'pipeline' | 'inputSet' | 'trigger';
  readonly pipelineIdentifier: string;
  /** Of a pipeline: the same as {@link pipelineIdentifier}. */
  readonly identifier: string;
}

/** What other services call it: input sets and triggers by their pipeline too. */
export function nameOf({ kind, pipelineIdentifier, identifier }: DocumentAt): string {
  return kind === 'pipeline' ? identifier : `${pipelineIdentifier}/${identifier}`;
}

/** Tells documents apart. */
export function keyOf({ scope, kind, pipelineIdentifier, identifier }: DocumentAt): string {
  return JSON.stringify([scope.accountId, scope.orgId, scope.projectId, kind, pipelineIdentifier, identifier]);
}

/** The documents that were changed, each once. */
export function changedDocuments(events: readonly AuditEventRecord[]): DocumentAt[] {
  const found = new Map<string, DocumentAt>();
  for (const event of events) {
    const document = documentOf(event);
    if (document) found.set(keyOf(document), document);
  }
  return [...found.values()];
}

/** What a valid document refers to, with that which runtime input inside it does. */
export function referencesOf(yaml: string): Reference[] {
  const document = parseYaml(yaml, 'the stored document').value;
  const found = [...referencesIn(document), ...referencesIn(inputOf(document))];
  return [...new Map(found.map((reference) => [`${reference.kind} ${reference.ref}`, reference])).values()];
}

function documentOf({
  accountId,
  orgId,
  projectId,
  resourceType,
  identifier,
  details,
}: AuditEventRecord): DocumentAt | undefined {
  if (orgId === null || projectId === null) return undefined;
  const scope = projectScope(accountId, orgId, projectId);
  if (resourceType === 'pipeline') return { scope, kind: 'pipeline', pipelineIdentifier: identifier, identifier };
  if (resourceType !== 'inputSet' && resourceType !== 'trigger') return undefined;
  const pipelineIdentifier = details['pipelineIdentifier'];
  return typeof pipelineIdentifier === 'string'
    ? { scope, kind: resourceType, pipelineIdentifier, identifier }
    : undefined;
}

const withInput = z.object({ trigger: z.object({ inputYaml: z.string() }) });

/** The runtime input in a trigger. A trigger may be stored with input that cannot be read: nothing starts with it. */
function inputOf(document: unknown): unknown {
  const found = withInput.safeParse(document);
  if (!found.success) return undefined;
  try {
    return parseYaml(found.data.trigger.inputYaml, 'inputYaml').value;
  } catch (cause) {
    if (cause instanceof AppError) return undefined;
    throw cause;
  }
}
