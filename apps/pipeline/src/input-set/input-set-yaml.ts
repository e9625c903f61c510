import { AppError, type ProjectScope } from '@sluice/kernel';
import { parseYaml } from '@sluice/pipeline-engine';
import { z } from 'zod';
import type { PipelineSays } from '../pipeline/pipeline.service.js';
import type { InputSetType, NewInputSet } from './input-set.repository.js';

const identifier = z
  .string()
  .regex(
    /^[a-zA-Z_][0-9a-zA-Z_]{0,127}$/,
    'must start with a letter or underscore and hold only letters, digits and underscores, at most 128',
  );
const common = {
  identifier,
  name: z.string().min(1).max(128),
  description: z.string().max(4096).nullish(),
  tags: z.record(z.string().max(128), z.string().max(128)).nullish(),
  orgIdentifier: z.string().nullish(),
  projectIdentifier: z.string().nullish(),
};
const inputSetDocument = z.object({
  inputSet: z.object({ ...common, pipeline: z.looseObject({ identifier: z.string() }) }),
});
const overlayDocument = z.object({
  overlayInputSet: z.object({
    ...common,
    pipelineIdentifier: z.string().nullish(),
    inputSetReferences: z.array(identifier).min(1, 'must name at least one input set').max(100),
  }),
});

/**
 * Reads the YAML of an input set or an overlay; other root keys are ignored, as clients send them.
 * @param says what the request says besides; it counts
 * @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, INVALID_REQUEST when YAML and request name different things
 */
export function readInputSet(
  scope: ProjectScope,
  pipelineIdentifier: string,
  type: InputSetType,
  yaml: string,
  says?: PipelineSays,
): NewInputSet {
  const read = type === 'INPUT_SET' ? readSet(yaml) : readOverlay(yaml);
  const { root, set } = read;
  const expected = [
    [read.pipelineKey, read.pipeline, pipelineIdentifier],
    ['orgIdentifier', set.orgIdentifier, scope.orgId],
    ['projectIdentifier', set.projectIdentifier, scope.projectId],
    ['identifier', set.identifier, says?.identifier ?? set.identifier],
  ] as const;
  for (const [key, found, wanted] of expected) {
    if (found === undefined || found === null || found === wanted) continue;
    throw new AppError(
      'INVALID_REQUEST',
      `${root}.${key} is "${found}", the request says "${wanted}"; make both the same`,
      { fields: [{ field: `${root}.${key}`, error: `must be "${wanted}"` }] },
    );
  }
  return {
    pipelineIdentifier,
    identifier: set.identifier,
    type,
    name: says?.name ?? set.name,
    description: says?.description ?? set.description ?? null,
    tags: says?.tags ?? set.tags ?? {},
    yaml,
    references: read.references,
  };
}

/** The `pipeline` part of a stored input set. */
export function inputOfSet(yaml: string): unknown {
  const parsed = inputSetDocument.safeParse(parseYaml(yaml, 'the input set').value);
  return parsed.success ? parsed.data.inputSet.pipeline : undefined;
}

interface Read {
  readonly root: 'inputSet' | 'overlayInputSet';
  readonly set: z.output<typeof inputSetDocument>['inputSet'] | z.output<typeof overlayDocument>['overlayInputSet'];
  readonly pipelineKey: string;
  readonly pipeline: string | null | undefined;
  readonly references: readonly string[];
}

function readSet(yaml: string): Read {
  const { inputSet } = parsed(inputSetDocument, yaml, 'the input set');
  return {
    root: 'inputSet',
    set: inputSet,
    pipelineKey: 'pipeline.identifier',
    pipeline: inputSet.pipeline.identifier,
    references: [],
  };
}

function readOverlay(yaml: string): Read {
  const { overlayInputSet } = parsed(overlayDocument, yaml, 'the overlay input set');
  return {
    root: 'overlayInputSet',
    set: overlayInputSet,
    pipelineKey: 'pipelineIdentifier',
    pipeline: overlayInputSet.pipelineIdentifier,
    references: [...new Set(overlayInputSet.inputSetReferences)],
  };
}

function parsed<T extends z.ZodType>(schema: T, yaml: string, what: string): z.output<T> {
  const result = schema.safeParse(parseYaml(yaml, what).value);
  if (result.success) return result.data;
  const fields = result.error.issues
    .slice(0, 20)
    .map((issue) => ({ field: issue.path.join('.') || 'body', error: issue.message }));
  throw new AppError(
    'SCHEMA_VALIDATION_FAILED',
    `${what} is not valid: ${fields.map(({ field, error }) => `${field}: ${error}`).join('; ')}`,
    { fields },
  );
}
