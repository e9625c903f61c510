import { AppError, type ProjectScope } from '@sluice/kernel';
import { ProblemList, inputRoot, parseYaml, problemsError, type YamlSource } from '@sluice/pipeline-engine';
import { SOURCES, triggerSchema, type SourceType, type TriggerDocument } from './trigger-schema.js';

/** A trigger document that passed validation. */
export interface TriggerModel {
  readonly identifier: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** What the document asks for; false when it says nothing. */
  readonly isEnabled: boolean;
  readonly type: SourceType;
  /** What the source is of its type: `Github`, `Custom`, `Cron`, `DockerRegistry`. */
  readonly sourceType: string;
  /** Reference to the secret a webhook is signed with. */
  readonly webhookSecretRef: string | null;
  readonly inputSetRefs: readonly string[];
  readonly inputYaml: string | null;
}

const WHAT = 'the trigger';

/**
 * Reads and validates trigger YAML (or JSON) against the schema of its source's type. Other root keys than `trigger` are ignored, since clients send them.
 * @param target identifier of the pipeline the request is about; the document must agree with it and with the scope
 * @throws AppError INVALID_YAML_ERROR or SCHEMA_VALIDATION_FAILED; each problem with path, line, value and remedy
 */
export function readTrigger(yaml: string, scope: ProjectScope, target: string): TriggerModel {
  const source = parseYaml(yaml, WHAT);
  const problems = new ProblemList(source, false);
  const trigger = rootOf(source, problems);
  checkSource(trigger, problems);
  for (const [key, wanted] of [
    ['orgIdentifier', scope.orgId],
    ['projectIdentifier', scope.projectId],
    ['pipelineIdentifier', target],
  ] as const) {
    const found = trigger[key];
    const asked = key === 'pipelineIdentifier' ? 'targetIdentifier' : key;
    if (found != null && found !== wanted)
      problems.add(
        ['trigger', key],
        found,
        `differs from the ${asked} of the request, "${wanted}"`,
        'make both the same',
      );
  }
  if (problems.list.length > 0) throw problemsError(WHAT, problems.list);
  return {
    identifier: trigger.identifier,
    name: trigger.name ?? trigger.identifier,
    description: trigger.description ?? null,
    tags: trigger.tags ?? {},
    isEnabled: trigger.enabled ?? false,
    type: trigger.source.type,
    sourceType: trigger.source.spec.type,
    webhookSecretRef: trigger.encryptedWebhookSecretIdentifier || null,
    inputSetRefs: trigger.inputSetRefs ?? [],
    inputYaml: trigger.inputYaml ?? null,
  };
}

/** Why the pipeline could not be started with the runtime input of a trigger; null when it could. */
export function inputFault(inputYaml: string): string | null {
  try {
    inputRoot(inputYaml);
    return null;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return cause.message;
  }
}

function rootOf(source: YamlSource, problems: ProblemList): TriggerDocument {
  const document = source.value;
  if (typeof document !== 'object' || document === null || !('trigger' in document)) {
    problems.add(
      ['trigger'],
      document ?? undefined,
      'the document has no root key "trigger"',
      'put everything below one key "trigger:"',
    );
    throw problemsError(WHAT, problems.list);
  }
  const parsed = triggerSchema.safeParse(document.trigger);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) problems.addIssue(['trigger'], document.trigger, issue);
  throw problemsError(WHAT, problems.list);
}

function checkSource({ source }: TriggerDocument, problems: ProblemList): void {
  const { keys, types } = SOURCES[source.type];
  const at = ['trigger', 'source', 'spec'];
  for (const issue of keys.safeParse(source.spec).error?.issues ?? []) problems.addIssue(at, source.spec, issue);
  if (!Object.hasOwn(types, source.spec.type)) {
    problems.add(
      [...at, 'type'],
      source.spec.type,
      `is not a kind of ${source.type} source`,
      `use one of: ${Object.keys(types).join(', ')}`,
    );
    return;
  }
  const inner = source.spec['spec'];
  for (const issue of types[source.spec.type]?.safeParse(inner).error?.issues ?? [])
    problems.addIssue([...at, 'spec'], inner, issue);
}
